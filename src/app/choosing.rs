//! What choosing from a menu, and answering what is asked for, do: which deeds they are.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::act::Done;
use super::ask::{About, Prompt, Question, path};
use super::client::{LineEnding, message, point_at_escape, recv_size};
use super::control::{Button, Control, Input};
use super::menu::{Chosen, Menu, MenuKind, Verb};
use super::saving::{Save, What};
use super::words::Deed;
use super::{App, Effect, Notice, Overlay};
use crate::model::message::{made_up, made_up_size};
use crate::model::{
    Actor, ClientAction, Interface, OptionSetting, OptionValue, RecvFlags, ServerAction,
    SocketAction, SocketKind,
};

impl App {
    // ---- Menus ---------------------------------------------------------------------------------------------------

    /// Opens a menu.
    pub fn open_menu(&mut self, kind: MenuKind) {
        self.overlay = Some(Overlay::Menu(Menu { kind, selected: 0 }));
    }

    /// Opens a menu; nothing is done before something is chosen from it.
    pub(super) fn menu(&mut self, kind: MenuKind) -> Vec<Deed> {
        self.open_menu(kind);
        Vec::new()
    }

    /// Does what a menu's item says.
    pub fn choose_item(&mut self, chosen: Chosen) -> Vec<Effect> {
        self.overlay = None;
        let done = match chosen {
            Chosen::Do(who, verb) => self.verb(who, verb),
            Chosen::Shutdown(who, how) => Ok(vec![Deed::on(who, SocketAction::Shutdown(how))]),
            Chosen::Option(who, option) => Ok(self.ask(About::Option(who, option), "")),
            Chosen::AllOptions(who) => {
                self.open_menu(MenuKind::Options(who));
                Ok(vec![Deed::AllOptions(who)])
            }
            Chosen::Text(text) => {
                self.sessions.front_mut().message.set(&text);
                self.focus_on(Control::Input(Input::Message));
                Ok(Vec::new())
            }
            Chosen::Address(address) => {
                let front = self.sessions.front_mut();
                front.host.set(&address.ip().to_string());
                front.port.set(&address.port().to_string());
                self.focus_on(Control::Button(Button::Connect));
                Ok(Vec::new())
            }
        };
        self.told(done)
    }

    fn verb(&mut self, who: Actor, verb: Verb) -> Done {
        let urgent = RecvFlags {
            urgent: true,
            peek: false,
        };
        let peek = RecvFlags {
            urgent: false,
            peek: true,
        };
        Ok(match verb {
            Verb::Bind => self.ask(About::Bind(who), "127.0.0.1:0"),
            Verb::Send => {
                let bytes = self.message_of(who)?;
                vec![Deed::on(
                    who,
                    SocketAction::Send {
                        bytes,
                        urgent: false,
                    },
                )]
            }
            Verb::Urgent => {
                let bytes = self.message_of(who)?;
                vec![Deed::on(
                    who,
                    SocketAction::Send {
                        bytes,
                        urgent: true,
                    },
                )]
            }
            Verb::SendTo => {
                point_at_escape(&mut self.server.answer);
                let answer = self.answer()?;
                self.answer_taken();
                vec![answer]
            }
            Verb::MadeUp => self.ask(About::MadeUp(who, true), "1000000"),
            Verb::MadeUpOnce => self.ask(About::MadeUp(who, false), "16000000"),
            Verb::Recv => self.ask(About::Recv(who), &SocketAction::CONNECTION_RECV.to_string()),
            Verb::RecvUrgent => vec![Deed::on(
                who,
                SocketAction::Recv {
                    size: 1,
                    flags: urgent,
                },
            )],
            Verb::Peek => {
                let size = match who {
                    Actor::Client(_) => self.client().size()?,
                    Actor::Server | Actor::Connection(_) | Actor::Ports => {
                        SocketAction::CONNECTION_RECV
                    }
                };
                vec![Deed::on(who, SocketAction::Recv { size, flags: peek })]
            }
            Verb::Texts => self.menu(MenuKind::Texts),
            Verb::Shutdown => self.menu(MenuKind::Shutdown(who)),
            Verb::Close => vec![Deed::on(who, SocketAction::Close)],
            Verb::Reset => vec![Deed::on(who, SocketAction::Reset)],
            Verb::Options => self.menu(MenuKind::Options(who)),
            Verb::Blocking => self.switch_blocking(who),
            Verb::AcceptAlone => {
                let alone = !self.server.accepts_alone;
                vec![Deed::server(ServerAction::AcceptAlone(alone))]
            }
            Verb::Save(what) => {
                let name = match what {
                    What::Whole => "received.bin",
                    What::Body => "page.html",
                };
                self.ask(About::Save(who, what), name)
            }
            Verb::StopSaving => vec![Deed::StopSaving(who)],
            Verb::Join => self.ask(About::Join(who), "239.1.2.3 127.0.0.1"),
            Verb::Leave => self.ask(About::Leave(who), "239.1.2.3 127.0.0.1"),
            Verb::MulticastInterface => self.ask(About::MulticastInterface(who), "127.0.0.1"),
            Verb::Addresses if self.client().addresses.is_empty() => {
                return Err("no addresses yet: resolve (e) asks for them".to_owned());
            }
            Verb::Addresses => self.menu(MenuKind::Addresses),
            Verb::Name => {
                let name = self.client().name.clone().unwrap_or_default();
                self.ask(About::Name(who), &name)
            }
            Verb::Open => self.open_session(),
            Verb::End => match who {
                Actor::Client(id) => vec![Self::ended(id)],
                Actor::Server | Actor::Connection(_) | Actor::Ports => Vec::new(),
            },
            Verb::Other(who) => self.menu(MenuKind::Verbs(who)),
        })
    }

    /// What is typed as a message for the socket of `who`, taken out of its field.
    fn message_of(&mut self, who: Actor) -> Result<Vec<u8>, String> {
        match who {
            Actor::Client(_) => {
                point_at_escape(&mut self.sessions.front_mut().message);
                let bytes = self.client_message()?;
                self.message_taken();
                Ok(bytes)
            }
            Actor::Server | Actor::Connection(_) | Actor::Ports => {
                point_at_escape(&mut self.server.answer);
                let bytes = message(&self.server.answer, LineEnding::None)?;
                if bytes.is_empty() {
                    return Err("nothing to send: type an answer first".to_owned());
                }
                self.answer_taken();
                Ok(bytes)
            }
        }
    }

    fn switch_blocking(&mut self, who: Actor) -> Vec<Deed> {
        let blocks = self.known(who).is_some_and(|known| !known.blocks);
        self.tell(if blocks {
            "blocking: a call that cannot be carried out at once waits".to_owned()
        } else {
            "non-blocking: such calls return EAGAIN or EINPROGRESS".to_owned()
        });
        vec![Deed::on(who, SocketAction::Blocking(blocks))]
    }

    // ---- Questions -----------------------------------------------------------------------------------------------

    fn ask(&mut self, about: About, value: &str) -> Vec<Deed> {
        self.overlay = Some(Overlay::Prompt(Prompt::new(about, value)));
        Vec::new()
    }

    /// Takes what was typed; what is no good stays, with a word on why.
    pub fn accept_prompt(&mut self) -> Vec<Effect> {
        let Some(Overlay::Prompt(prompt)) = &self.overlay else {
            return Vec::new();
        };
        let about = prompt.about;
        let text = prompt.field.value().trim().to_owned();
        match self.answered(about, &text) {
            Ok(deeds) => {
                self.overlay = None;
                self.told(Ok(deeds))
            }
            Err(why) => {
                if let Some(Overlay::Prompt(prompt)) = &mut self.overlay {
                    prompt.wrong = Some(why);
                }
                Vec::new()
            }
        }
    }

    fn answered(&mut self, about: About, text: &str) -> Done {
        let on = |who, action| Ok(vec![Deed::on(who, action)]);
        match about {
            About::Bind(who) => {
                let inet6 = self.known(who).is_some_and(|known| known.family.is_inet6());
                on(who, SocketAction::Bind(local_address(text, inet6)?))
            }
            About::Option(who, option) if text.is_empty() => on(who, SocketAction::Get(option)),
            About::Option(who, option) => {
                let value = OptionValue::parse(option.kind(), text)?;
                on(who, SocketAction::Set(OptionSetting::Value(option, value)))
            }
            About::MadeUp(who, all) => {
                let bytes = made_up(made_up_size(text)?);
                Ok(vec![self.send_made_up(who, bytes, all)?])
            }
            About::Recv(who) => {
                let size = recv_size(text)?;
                let flags = RecvFlags::default();
                on(who, SocketAction::Recv { size, flags })
            }
            About::Save(who, what) => {
                if text.is_empty() {
                    return Err("name a file".to_owned());
                }
                Ok(vec![Deed::Save {
                    who,
                    what,
                    path: path(text),
                    replace: false,
                }])
            }
            About::Join(who) => {
                let (group, interface) = membership(text)?;
                on(
                    who,
                    SocketAction::Set(OptionSetting::Join(group, interface)),
                )
            }
            About::Leave(who) => {
                let (group, interface) = membership(text)?;
                on(
                    who,
                    SocketAction::Set(OptionSetting::Leave(group, interface)),
                )
            }
            About::MulticastInterface(who) => {
                let interface =
                    Interface::parse(text).ok_or("an IPv4 address of this machine, or an index")?;
                let setting = OptionSetting::MulticastInterface(interface);
                on(who, SocketAction::Set(setting))
            }
            About::Name(Actor::Client(id)) => {
                let name = Some(text.to_owned()).filter(|name| !name.is_empty());
                Ok(vec![Deed::Name(id, name)])
            }
            // Only sessions have names; nothing offers this.
            About::Name(_) => Ok(Vec::new()),
        }
    }

    fn send_made_up(&mut self, who: Actor, bytes: Vec<u8>, all: bool) -> Result<Deed, String> {
        let known = self.known(who);
        let is_udp = known.is_some_and(|known| known.kind == SocketKind::Datagram);
        let has_peer = known.is_some_and(super::known::Known::is_connected);
        if is_udp && !has_peer && matches!(who, Actor::Client(_)) {
            let target = self.client().target()?;
            self.sessions.front_mut().remember_target();
            return Ok(self.client_deed(ClientAction::SendTo(target, bytes)));
        }
        let urgent = false;
        Ok(Deed::on(
            who,
            if all && !is_udp {
                SocketAction::SendAll(bytes)
            } else {
                SocketAction::Send { bytes, urgent }
            },
        ))
    }

    /// The answer to the open question is yes.
    pub fn say_yes(&mut self) -> Vec<Effect> {
        match self.overlay.take() {
            Some(Overlay::Question(Question::Replace(save, _))) => {
                let Save { of, path, .. } = save;
                let deed = of.deed(path, true);
                self.told(Ok(vec![deed]))
            }
            Some(Overlay::Question(Question::TryPorts(range))) => {
                self.told(Ok(vec![Deed::TryAllowed(range)]))
            }
            Some(Overlay::Question(Question::Play { path, text })) => self.play_anew(&path, &text),
            other => {
                self.overlay = other;
                Vec::new()
            }
        }
    }

    /// Something to tell that went well.
    pub fn tell(&mut self, text: String) {
        self.notice = Some(Notice {
            text,
            failure: false,
        });
    }

    /// Something to tell that went wrong.
    pub fn tell_failure(&mut self, text: String) {
        self.notice = Some(Notice {
            text,
            failure: true,
        });
    }
}

/// A local address as it is typed: `127.0.0.1:4000`, `[::1]:0`, `127.0.0.1`, `4000`.
fn local_address(text: &str, inet6: bool) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if let Ok(ip) = super::client::bare(text).parse() {
        return Ok(SocketAddr::new(ip, 0));
    }
    if let Ok(port) = text.parse() {
        let any: IpAddr = if inet6 {
            std::net::Ipv6Addr::UNSPECIFIED.into()
        } else {
            Ipv4Addr::UNSPECIFIED.into()
        };
        return Ok(SocketAddr::new(any, port));
    }
    Err("a numeric address of this machine, as 127.0.0.1:4000 or [::1]:0".to_owned())
}

/// A multicast group and an interface as they are typed.
fn membership(text: &str) -> Result<(IpAddr, Interface), String> {
    let (group, interface) = text.split_once(' ').unwrap_or((text, ""));
    let group: IpAddr = group
        .parse()
        .map_err(|_| "a group's numeric address, as 239.1.2.3 or ff02::1234".to_owned())?;
    let interface = Interface::parse(interface.trim())
        .ok_or("an interface's IPv4 address or its index (ip addr lists both)")?;
    if let (IpAddr::V6(_), Interface::Address(_)) = (group, interface) {
        return Err("IPv6 names an interface by its index: ip addr lists it".to_owned());
    }
    Ok((group, interface))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_address_is_read_in_each_of_its_forms() {
        let read = |text, inet6| local_address(text, inet6).map(|a| a.to_string());
        assert_eq!(read("127.0.0.1:4000", false), Ok("127.0.0.1:4000".into()));
        assert_eq!(read("::1", false), Ok("[::1]:0".into()));
        assert_eq!(read("[::1]", false), Ok("[::1]:0".into()));
        assert_eq!(read("4000", false), Ok("0.0.0.0:4000".into()));
        assert_eq!(read("4000", true), Ok("[::]:4000".into()));
        assert!(read("localhost:80", false).is_err());
    }

    #[test]
    fn a_group_is_read_with_its_interface() {
        let group = "239.1.2.3".parse().expect("an address");
        assert_eq!(membership("239.1.2.3"), Ok((group, Interface::Any)));
        assert_eq!(membership("239.1.2.3  2"), Ok((group, Interface::Index(2))));
        let loopback = Interface::Address(Ipv4Addr::LOCALHOST);
        assert_eq!(membership("239.1.2.3 127.0.0.1"), Ok((group, loopback)));
        assert!(membership("ff02::1 127.0.0.1").is_err());
        assert!(membership("239.1.2.3 eth0").is_err());
    }
}
