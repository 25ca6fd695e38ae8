//! The command line.

use std::time::Duration;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;

use crate::app::Settings;
use crate::app::client::split_address;
use crate::model::{Address, Model, Offer, Service, WallClock};

/// What can be said on the command line.
#[derive(Debug, Clone, Parser)]
#[command(
    version,
    about = "A terminal playground for sockets: make the calls by hand and watch both ends.",
    after_help = "Start it without options, press s to start the server, c to connect, type a line, Enter.\n\
                  ? shows every key. NO_COLOR is honoured."
)]
pub struct Cli {
    /// Connect the client to this address at the start
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub connect: Option<Address>,

    /// Start the server on this address at the start; port 0 lets the kernel choose
    #[arg(long, value_name = "HOST:PORT", value_parser = serve_address)]
    pub serve: Option<ServeAddress>,

    /// What the server does with each connection
    #[arg(long, value_name = "SERVICE", default_value = Service::Echo.name(), value_parser = service())]
    pub service: Service,

    /// How the server serves several connections: one at a time, a thread for each, or one thread for all
    #[arg(long, value_name = "MODEL", default_value = Model::Threads.name(), value_parser = model())]
    pub model: Model,

    /// How many milliseconds a service thinks before each answer
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=600_000))]
    pub delay: u32,

    /// How many MiB of received bytes each socket keeps; all accepted ones together keep twice that
    #[arg(long, value_name = "MIB", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub keep: u16,

    /// Draw with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
}

/// Where the server is to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeAddress {
    /// The address to bind to.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Cli {
    /// The settings that the app starts with.
    #[must_use]
    pub fn settings(&self, clock: WallClock) -> Settings {
        let mut settings = Settings {
            offer: Offer {
                service: self.service,
                model: self.model,
                delay: Duration::from_millis(self.delay.into()),
            },
            keep: usize::from(self.keep) << 20,
            clock,
            ..Settings::default()
        };
        if let Some(serve) = &self.serve {
            settings.bind.clone_from(&serve.host);
            settings.port = serve.port;
            // Whoever starts a server here most likely wants to talk to it.
            settings.connect.port = serve.port.to_string();
            if serve
                .host
                .parse()
                .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
            {
                settings.connect.host.clone_from(&serve.host);
            }
        }
        if let Some(connect) = &self.connect {
            settings.connect = connect.clone();
        }
        settings
    }
}

fn service() -> impl clap::builder::TypedValueParser<Value = Service> {
    PossibleValuesParser::new(Service::ALL.map(Service::name)).map(|name| {
        Service::ALL
            .into_iter()
            .find(|service| service.name() == name)
            .unwrap_or_default()
    })
}

fn model() -> impl clap::builder::TypedValueParser<Value = Model> {
    PossibleValuesParser::new(Model::ALL.map(Model::name)).map(|name| {
        Model::ALL
            .into_iter()
            .find(|model| model.name() == name)
            .unwrap_or_default()
    })
}

fn address(text: &str) -> Result<Address, String> {
    let (host, port) = split_address(text).ok_or(
        "write HOST:PORT, as in 127.0.0.1:8888, localhost:http or [::1]:8888; ports go up to 65535",
    )?;
    Ok(Address {
        host: host.to_owned(),
        port: port.to_owned(),
    })
}

fn serve_address(text: &str) -> Result<ServeAddress, String> {
    let Address { host, port } = address(text)?;
    let port = port.parse().map_err(|_| {
        format!("\"{port}\" is no port to listen on: give a number from 0 to 65535")
    })?;
    Ok(ServeAddress { host, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Cli, String> {
        Cli::try_parse_from([&["sockyard"], args].concat()).map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_are_taken_apart() {
        let cli = parse(&[
            "--connect",
            "[::1]:http",
            "--serve",
            "0.0.0.0:0",
            "--service",
            "hello",
        ]);
        let cli = cli.expect("good arguments");
        let connect = Address {
            host: "::1".into(),
            port: "http".into(),
        };
        assert_eq!(cli.connect, Some(connect));
        assert_eq!(
            cli.serve,
            Some(ServeAddress {
                host: "0.0.0.0".into(),
                port: 0
            })
        );
        assert_eq!(cli.service, Service::Hello);
    }

    #[test]
    fn a_server_on_another_port_is_what_the_client_connects_to() {
        let cli = parse(&["--serve", "127.0.0.2:9999"]).expect("good arguments");
        let settings = cli.settings(WallClock::default());
        assert_eq!(settings.connect.to_string(), "127.0.0.2:9999");
    }

    #[test]
    fn bad_arguments_say_what_is_wrong_and_what_is_allowed() {
        let error = |args: &[&str]| parse(args).expect_err("bad arguments");
        assert!(error(&["--connect", "nohost"]).contains("write HOST:PORT"));
        assert!(error(&["--serve", "127.0.0.1:http"]).contains("number from 0 to 65535"));
        assert!(error(&["--serve", "127.0.0.1:70000"]).contains("up to 65535"));
        let services = error(&["--service", "ecko"]);
        assert!(
            services.contains("echo, echo-once, ok, hello"),
            "{services}"
        );
        assert!(error(&["--keep", "0"]).contains("1..=1024"));
        assert!(error(&["--port"]).contains("--port"));
    }
}
