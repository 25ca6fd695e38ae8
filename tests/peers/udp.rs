//! Datagrams to and from other programs.

use libtest_mimic::Trial;

use super::foreign::{Foreign, trial};
use super::play::{CLIENT_PORT, SERVER_PORT, free_port, shows_row};
use super::pty::{Pty, sockyard};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("nc_sends_datagrams_and_is_answered", &["nc"], nc_sends),
        trial("nc_receives_datagrams_and_answers", &["nc"], nc_receives),
        trial(
            "a_python_socket_tells_datagrams_apart",
            &["python3"],
            python_socket,
        ),
    ]
}

/// The playground with its UDP server on a port that the kernel chose; gives back that port too.
#[track_caller]
fn served() -> (Pty, String) {
    let pty = sockyard(&[], 160, 40);
    pty.wait_text("server stopped");
    pty.keys(&format!("{SERVER_PORT}0<f3>p"));
    pty.wait_text("each datagram is answered");
    pty.keys("<f3>s");
    pty.wait_text("server ─ UDP ─ fd ");
    pty.wait_text("getsockname(");
    let screen = pty.screen();
    let (_, title) = screen.split_once("server ─ UDP ─ fd ").expect("the title");
    let (_, after) = title.split_once("127.0.0.1:").expect("its address");
    let port = after.chars().take_while(char::is_ascii_digit).collect();
    (pty, port)
}

/// The playground with a UDP socket that knows no peer; what is typed goes to `port`.
#[track_caller]
fn sending_to(port: &str) -> Pty {
    let pty = sockyard(&[], 120, 36);
    pty.wait_text("server stopped");
    pty.keys(&format!("{CLIENT_PORT}{port}<f2>p"));
    pty.wait_text("◂ UDP ▸");
    pty.keys("<f2>k");
    pty.wait_text("SOCK_DGRAM, 0) = ");
    pty
}

fn nc_sends() {
    let (pty, port) = served();
    let mut nc = Foreign::start("nc", &["-u", "127.0.0.1", &port]);
    for (number, text) in [(1, "one"), (2, "two")] {
        nc.write(&format!("{text}\n"));
        assert_eq!(nc.line(), text);
        pty.wait(
            &format!("datagram {number} in the list of peers"),
            |screen| {
                let count = format!(" {number} ");
                shows_row(screen, &["127.0.0.1:", &count, &format!(r"{text}\n")])
            },
        );
    }
    pty.wait_text("Received 8 B in 2 datagrams");
    // By hand, to the peer that is selected.
    pty.keys(r"<f3>ifrom a person\n<enter>");
    assert_eq!(nc.line(), "from a person");
}

fn nc_receives() {
    let port = free_port().to_string();
    // It says where it listens once it does; the traditional one wants an option for the port.
    let script = format!(
        "case \"$(nc -h 2>&1)\" in *OpenBSD*) p=;; *) p=-p;; esac; exec nc -u -l -v -n $p {port} 2>&1"
    );
    let mut nc = Foreign::start("sh", &["-c", &script]);
    let listens = nc.line();
    assert!(listens.contains(&port), "{listens}");
    let pty = sending_to(&port);
    pty.keys(r"<f2>ito nc\n<enter>");
    pty.wait_text("sendto(");
    loop {
        // It may say who has sent it something.
        let line = nc.line();
        if line == "to nc" {
            break;
        }
    }
    nc.write("from nc\n");
    pty.wait_text(r"from nc\n");
    pty.wait_text("recvfrom(");
    pty.wait_text(&format!("0, 127.0.0.1:{port}) = 8"));
}

fn python_socket() {
    let script = r"
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((HOST, 0))
print(s.getsockname()[1])
for i in range(3):
    data, peer = s.recvfrom(100)
    print(i, data)
    s.sendto(data[::-1], peer)
s.close()
print('closed')
input()
";
    let mut python = Foreign::python(script, &[]);
    let pty = sending_to(&python.line());
    for (i, text, back) in [(0, "abc", "cba"), (1, "", ""), (2, "defg", "gfed")] {
        pty.keys(&format!("<f2>i{text}<enter>"));
        assert_eq!(python.line(), format!("{i} b'{text}'"));
        pty.wait_text("recvfrom(");
        pty.wait_text(&format!("\"{back}\", 65536, 0, 127.0.0.1"));
    }
    // An empty datagram is one too, and no end of anything.
    pty.wait_text("3 datagrams");
    assert_eq!(python.line(), "closed");
    // With a peer, what its machine says of the closed port comes back.
    pty.keys("<f2>c");
    pty.wait_text("connect(");
    pty.keys("<f2>ianybody?<enter>");
    pty.wait_text("ECONNREFUSED");
}
