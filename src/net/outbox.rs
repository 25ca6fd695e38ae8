//! Datagrams to names, which wait until the resolver has found the address; the client's thread sends them.
//!
//! They go in the order in which they were ordered, those to an address that needs no look-up too. Nothing is thrown
//! away in silence: what cannot be sent is counted, and [`super::client`] tells it.

use std::collections::VecDeque;
use std::net::SocketAddr;

use crate::model::{Family, Target};

/// How many datagrams may wait.
pub const MOST: usize = 64;

/// What waits, and what was found last.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: VecDeque<(Target, Vec<u8>)>,
    /// So that each datagram to the same name does not ask anew.
    found: Option<(Target, Vec<SocketAddr>)>,
}

/// What is to be done for the datagram that is next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// None waits.
    Nothing,
    /// Its address is to be looked up.
    LookUp(Target),
    /// It is to be sent there, and waits no more.
    Send(SocketAddr, Vec<u8>),
}

impl Outbox {
    /// Where a datagram to `target` goes that need not wait: none waits before it, and its address is known.
    #[must_use]
    pub fn at_once(&self, target: &Target, family: Option<Family>) -> Option<SocketAddr> {
        let address = self.address(target, family);
        address.filter(|_| self.waiting.is_empty())
    }

    /// Lets a datagram wait behind the others; says whether there was room for it.
    #[must_use]
    pub fn put(&mut self, target: Target, bytes: Vec<u8>) -> bool {
        let has_room = self.waiting.len() < MOST;
        if has_room {
            self.waiting.push_back((target, bytes));
        }
        has_room
    }

    /// Takes in what the resolver has found for `target`.
    pub fn found(&mut self, target: Target, addresses: Vec<SocketAddr>) {
        self.found = Some((target, addresses));
    }

    /// What comes next for a socket of `family`, if there is one.
    #[must_use]
    pub fn next(&mut self, family: Option<Family>) -> Next {
        let Some((target, bytes)) = self.waiting.pop_front() else {
            return Next::Nothing;
        };
        if let Some(address) = self.address(&target, family) {
            return Next::Send(address, bytes);
        }
        self.waiting.push_front((target.clone(), bytes));
        Next::LookUp(target)
    }

    fn address(&self, target: &Target, family: Option<Family>) -> Option<SocketAddr> {
        let found = self.found.as_ref().filter(|(found, _)| found == target);
        found
            .and_then(|(_, addresses)| fitting(addresses, family))
            .or_else(|| target.address.numeric())
    }

    /// Lets go of those that wait for `target`, or of all; says of how many.
    pub fn give_up(&mut self, target: Option<&Target>) -> usize {
        let before = self.waiting.len();
        self.waiting
            .retain(|(waiting, _)| target.is_some_and(|target| target != waiting));
        before - self.waiting.len()
    }
}

/// The address that is meant of those of a name: the first that goes with a socket of `family`. If none does, the
/// first of all, and the kernel says what it thinks of it.
#[must_use]
pub fn fitting(addresses: &[SocketAddr], family: Option<Family>) -> Option<SocketAddr> {
    let mut own = addresses.iter().filter(|a| family == Some(Family::of(a)));
    own.next().or_else(|| addresses.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, SocketKind};

    fn target(host: &str) -> Target {
        Target {
            address: Address {
                host: host.to_owned(),
                port: "9".to_owned(),
            },
            family: None,
            kind: SocketKind::Datagram,
        }
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn of_several_addresses_the_first_of_the_sockets_family_is_meant() {
        let all = ["[::1]:9", "127.0.0.2:9", "127.0.0.1:9"].map(at);
        assert_eq!(fitting(&all, Some(Family::Inet)), Some(all[1]));
        assert_eq!(fitting(&all, Some(Family::Inet6)), Some(all[0]));
        assert_eq!(fitting(&all, None), Some(all[0]));
        assert_eq!(fitting(&all[1..], Some(Family::Inet6)), Some(all[1]));
        assert_eq!(fitting(&[], Some(Family::Inet)), None);
    }

    #[test]
    fn they_wait_for_their_turn_and_go_in_order() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.next(None), Next::Nothing);
        for (host, number) in [("one", 1), ("127.0.0.1", 2), ("one", 3), ("two", 4)] {
            assert!(outbox.put(target(host), vec![number]));
        }
        let four = Some(Family::Inet);
        assert_eq!(outbox.at_once(&target("127.0.0.1"), four), None);
        assert_eq!(outbox.next(four), Next::LookUp(target("one")));
        assert_eq!(outbox.next(four), Next::LookUp(target("one")));
        outbox.found(target("one"), vec![at("[::1]:9"), at("127.0.0.3:9")]);
        for (to, number) in [("127.0.0.3:9", 1), ("127.0.0.1:9", 2), ("127.0.0.3:9", 3)] {
            assert_eq!(outbox.next(four), Next::Send(at(to), vec![number]));
        }
        assert_eq!(outbox.next(four), Next::LookUp(target("two")));
        assert_eq!(outbox.give_up(Some(&target("two"))), 1);
        assert_eq!(outbox.next(four), Next::Nothing);
        for (host, address) in [("one", "127.0.0.3:9"), ("127.0.0.1", "127.0.0.1:9")] {
            assert_eq!(outbox.at_once(&target(host), four), Some(at(address)));
        }
        assert_eq!(outbox.at_once(&target("two"), four), None);
    }

    #[test]
    fn no_more_wait_than_there_is_room_for_and_what_is_given_up_is_counted() {
        let mut outbox = Outbox::default();
        for number in 0..MOST {
            let host = if number == 0 { "one" } else { "two" };
            assert!(outbox.put(target(host), Vec::new()));
        }
        assert!(!outbox.put(target("one"), Vec::new()));
        assert_eq!(outbox.give_up(Some(&target("three"))), 0);
        assert_eq!(outbox.give_up(Some(&target("one"))), 1);
        assert!(outbox.put(target("three"), Vec::new()));
        assert_eq!(outbox.give_up(None), MOST);
    }
}
