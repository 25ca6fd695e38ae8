//! The panel that tries a range of ports: what is typed there, and what was found.

use std::net::IpAddr;
use std::time::Duration;

use super::bytes::Motion;
use super::client::bare;
use super::field::{Field, Takes};
use crate::model::{PortEvent, PortRange, PortVerdict};

/// The panel's state.
#[derive(Debug, Clone)]
pub struct Ports {
    /// The host.
    pub host: Field,
    /// The first port.
    pub first: Field,
    /// The last port.
    pub last: Field,
    /// The range that is or was tried.
    pub range: Option<PortRange>,
    /// The address that it was tried at.
    pub address: Option<IpAddr>,
    /// Whether it is under way.
    pub running: bool,
    /// What was found, in the order of the ports.
    found: Vec<Found>,
    /// How many rows the list is scrolled down.
    pub top: usize,
}

/// What was found at one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The port.
    pub port: u16,
    /// What was found.
    pub verdict: PortVerdict,
    /// How long it took.
    pub took: Duration,
}

/// A row of the list: one port, or several closed ones in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The first port.
    pub first: u16,
    /// The last one.
    pub last: u16,
    /// What was found at all of them.
    pub verdict: PortVerdict,
    /// How long the last one took.
    pub took: Duration,
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            host: Field::new(Takes::Name, "127.0.0.1"),
            first: Field::new(Takes::Digits, "8880"),
            last: Field::new(Takes::Digits, "8899"),
            range: None,
            address: None,
            running: false,
            found: Vec::new(),
            top: 0,
        }
    }
}

impl Ports {
    /// How long one handshake may take: on this machine it takes no time, and across the world a third of that.
    const PATIENCE: Duration = Duration::from_secs(1);

    /// What is typed in the fields.
    ///
    /// # Errors
    /// Which field cannot be understood, and what it takes.
    pub fn typed(&self) -> Result<PortRange, String> {
        let port = |field: &Field| {
            let text = field.value();
            text.parse::<u16>()
                .map_err(|_| format!("port \"{text}\": give a number from 0 to 65535"))
        };
        let (first, last) = (port(&self.first)?, port(&self.last)?);
        let host = bare(self.host.value()).to_owned();
        if host.is_empty() {
            return Err("give a host whose ports are to be tried".to_owned());
        }
        let range = PortRange {
            host,
            first,
            last,
            patience: Self::PATIENCE,
        };
        range.check()?;
        Ok(range)
    }

    /// Keeps what is typed in the fields for their histories.
    pub fn remember(&mut self) {
        for field in [&mut self.host, &mut self.first, &mut self.last] {
            field.remember();
        }
    }

    /// A range is about to be tried.
    pub fn begin(&mut self, range: PortRange) {
        self.range = Some(range);
        self.address = None;
        self.running = true;
        self.found.clear();
        self.top = 0;
    }

    /// Takes in what the worker reports.
    pub fn happened(&mut self, event: PortEvent) {
        match event {
            PortEvent::Began(address) => self.address = Some(address),
            PortEvent::Tried {
                port,
                verdict,
                took,
            } => {
                // Those under way together end in any order.
                let at = self.found.partition_point(|found| found.port < port);
                self.found.insert(
                    at,
                    Found {
                        port,
                        verdict,
                        took,
                    },
                );
            }
            PortEvent::Ended => self.running = false,
        }
    }

    /// How many ports were tried.
    #[must_use]
    pub fn tried(&self) -> usize {
        self.found.len()
    }

    /// What was found at this port, if it was tried.
    #[must_use]
    pub fn verdict(&self, port: u16) -> Option<PortVerdict> {
        let found = self.found.iter().find(|found| found.port == port);
        found.map(|found| found.verdict)
    }

    /// How many of them were found so.
    #[must_use]
    pub fn count(&self, verdict: PortVerdict) -> usize {
        let same = |found: &&Found| found.verdict == verdict;
        self.found.iter().filter(same).count()
    }

    /// The rows of the list, in the order of the ports; closed ones that follow each other share one.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        for found in &self.found {
            match rows.last_mut() {
                Some(row)
                    if row.verdict == PortVerdict::Closed
                        && found.verdict == PortVerdict::Closed
                        && row.last.checked_add(1) == Some(found.port) =>
                {
                    row.last = found.port;
                    row.took = found.took;
                }
                _ => rows.push(Row {
                    first: found.port,
                    last: found.port,
                    verdict: found.verdict,
                    took: found.took,
                }),
            }
        }
        rows
    }

    /// Scrolls the list in a window of `page` rows.
    pub fn scroll(&mut self, motion: Motion, page: usize) {
        let last = self.rows().len().saturating_sub(page);
        self.top = match (motion.rows(page), motion.is_back()) {
            (None, true) => 0,
            (None, false) => last,
            (Some(rows), true) => self.top.min(last).saturating_sub(rows),
            (Some(rows), false) => (self.top + rows).min(last),
        };
    }
}

/// Whether nobody but this machine is asked: anything else needs a person's yes.
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_ports_that_follow_each_other_share_a_row() {
        let mut ports = Ports::default();
        let found = [
            (5, PortVerdict::Closed),
            (3, PortVerdict::Closed),
            (4, PortVerdict::Open),
            (6, PortVerdict::Closed),
            (7, PortVerdict::Silent),
            (8, PortVerdict::Silent),
        ];
        for (port, verdict) in found {
            let took = Duration::ZERO;
            ports.happened(PortEvent::Tried {
                port,
                verdict,
                took,
            });
        }
        let rows: Vec<_> = ports
            .rows()
            .iter()
            .map(|row| (row.first, row.last))
            .collect();
        assert_eq!(rows, [(3, 3), (4, 4), (5, 6), (7, 7), (8, 8)]);
        assert_eq!(ports.count(PortVerdict::Closed), 3);
    }

    #[test]
    fn only_loopback_is_this_machine() {
        for host in [
            "127.0.0.1",
            "127.8.9.1",
            "::1",
            "LocalHost",
            "::ffff:127.0.0.1",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "0.0.0.0",
            "192.0.2.1",
            "example.org",
            "::",
            "localhost.example.org",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn a_range_that_is_too_large_or_the_wrong_way_round_is_refused() {
        let mut ports = Ports::default();
        ports.first.set("1");
        ports.last.set("1024");
        assert_eq!(ports.typed().map(|range| range.count()), Ok(1_024));
        ports.last.set("1025");
        assert!(ports.typed().is_err());
        ports.first.set("1026");
        assert!(ports.typed().is_err());
        ports.last.set("70000");
        assert!(ports.typed().is_err());
    }
}
