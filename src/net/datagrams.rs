//! A UDP server: one socket, no connections, an answer to each datagram.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::endpoint::{Endpoint, Taken, ignore_failure};
use super::service::{Talk, daytime};
use super::socket::Began;
use super::teller::{Ended, Teller};
use crate::model::call::Function;
use crate::model::{Moment, Offer, Readiness, RecvFlags, Service, SocketAction, Waited};

/// The longest datagram has 65,535 bytes with its headers: nothing is cut.
const RECV_SIZE: usize = 64 << 10;

/// To how many peers a chat is passed on: those heard from last.
const MOST_PEERS: usize = 256;

/// What a UDP server does with the datagrams that come.
#[derive(Debug)]
pub struct Datagrams {
    offer: Offer,
    /// An answer that is being thought about.
    thinking: Option<(Moment, SocketAddr, Vec<u8>)>,
    /// Who takes part in the chat, the one heard from last at the end.
    peers: VecDeque<SocketAddr>,
    since: Moment,
    told: bool,
    /// Whether the socket is shut down, so that nothing more comes.
    ended: bool,
    /// What is received, used again for each datagram.
    room: Vec<u8>,
}

impl Datagrams {
    /// A UDP server that offers this.
    #[must_use]
    pub const fn new(offer: Offer, now: Moment) -> Self {
        Self {
            offer,
            thinking: None,
            peers: VecDeque::new(),
            since: now,
            told: false,
            ended: false,
            room: Vec::new(),
        }
    }

    /// From now on it offers this.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn offer(&mut self, offer: Offer, tell: &mut Teller) -> Result<(), Ended> {
        self.offer = offer;
        if self.is_by_hand() && std::mem::replace(&mut self.told, false) {
            tell.unblocked(Function::Recvfrom)?;
        }
        Ok(())
    }

    const fn is_by_hand(&self) -> bool {
        matches!(self.offer.service, Service::Manual)
    }

    /// When an answer is due.
    #[must_use]
    pub fn until(&self) -> Option<Moment> {
        self.thinking.as_ref().map(|(until, ..)| *until)
    }

    /// A person has received, or wanted to: what was told of the service's own wait is over, and it waits anew.
    pub const fn wait_anew(&mut self, now: Moment) {
        self.told = false;
        self.since = now;
    }

    /// Receives and answers one datagram, as far as that is possible to a socket that is `ready` like that; says
    /// whether anything came of it.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn proceed(
        &mut self,
        ready: Readiness,
        endpoint: &mut Endpoint,
        tell: &mut Teller,
    ) -> Result<bool, Ended> {
        let went_on = endpoint.proceed(ready, tell)?;
        if endpoint.is_sending() {
            return Ok(went_on);
        }
        match self.thinking.take() {
            Some((until, to, answer)) if until <= tell.now() => {
                let action = SocketAction::SendTo(to, answer);
                ignore_failure(endpoint.act(action, tell))?;
                self.since = tell.now();
                return Ok(true);
            }
            Some(thinking) => {
                self.thinking = Some(thinking);
                return Ok(went_on);
            }
            None => {}
        }
        if !self.receives(endpoint) || !ready.may_receive() {
            return Ok(went_on);
        }
        let began = if std::mem::replace(&mut self.told, false) {
            Began {
                at: self.since,
                waited: Waited::InPoll,
            }
        } else {
            Began::now(tell)
        };
        let mut room = std::mem::take(&mut self.room);
        let taken = endpoint.take(RECV_SIZE, RecvFlags::default(), began, &mut room, tell)?;
        self.since = tell.stamp();
        match taken {
            Taken::Bytes(arrived) => {
                if let Some(from) = arrived.from {
                    self.answer(from, &room, endpoint, tell)?;
                }
            }
            Taken::End => self.ended = true,
            Taken::Nothing | Taken::Failed(_) => {}
        }
        self.room = room;
        Ok(true)
    }

    /// Whether the service receives what comes.
    const fn receives(&self, endpoint: &Endpoint) -> bool {
        !self.is_by_hand()
            && !self.ended
            && self.thinking.is_none()
            && !endpoint.is_receiving()
            && !endpoint.is_sending()
    }

    fn answer(
        &mut self,
        from: SocketAddr,
        bytes: &[u8],
        endpoint: &mut Endpoint,
        tell: &mut Teller,
    ) -> Result<(), Ended> {
        if self.offer.service == Service::Chat {
            self.peers.retain(|peer| *peer != from);
            for peer in &self.peers {
                let action = SocketAction::SendTo(*peer, bytes.to_vec());
                ignore_failure(endpoint.act(action, tell))?;
            }
            self.peers.push_back(from);
            if self.peers.len() > MOST_PEERS {
                self.peers.pop_front();
            }
            return Ok(());
        }
        let Some(answer) = Talk::answer_datagram(self.offer.service, bytes, daytime) else {
            return Ok(());
        };
        if self.offer.delay.is_zero() {
            return ignore_failure(endpoint.act(SocketAction::SendTo(from, answer), tell));
        }
        let until = tell.now().after(self.offer.delay);
        self.thinking = Some((until, from, answer));
        Ok(())
    }

    /// Reports that it waits for a datagram.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn report(&mut self, endpoint: &Endpoint, tell: &mut Teller) -> Result<(), Ended> {
        if endpoint.is_receiving() {
            // The person's recvfrom waits in its place, and is told as such.
            self.wait_anew(tell.now());
        }
        if let Some(socket) = endpoint.socket()
            && self.receives(endpoint)
            && !std::mem::replace(&mut self.told, true)
        {
            let call = socket.recv_call(RECV_SIZE, RecvFlags::default(), true);
            tell.blocked(call, self.since)?;
        }
        Ok(())
    }
}
