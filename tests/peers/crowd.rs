//! Many at once: what tells the models of serving apart.

use libtest_mimic::Trial;

use super::foreign::{Foreign, trial};
use super::play::{served, shows_row};
use super::pty::shows;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for model in ["threads", "poll"] {
        let name = format!("three_clients_are_answered_beside_each_other_by_{model}");
        trials.push(trial(&name, &["python3"], move || beside_each_other(model)));
    }
    let name = "of_three_clients_two_wait_in_the_accept_queue_of_serial";
    trials.push(trial(name, &["python3"], one_after_the_other));
    for model in ["serial", "threads", "poll"] {
        let name = format!("a_crowd_of_fifty_is_answered_by_{model}");
        trials.push(trial(&name, &[], move || fifty(model)));
    }
    trials
}

/// The tutorial's client that takes its time: it says exit only when it is told to.
const CLIENT: &str = r"
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.connect((HOST, int(sys.argv[1])))
print('connected')
print(s.recv(1024).decode())
s.send(sys.argv[2].encode())
print(s.recv(1024).decode())
input()
s.send(b'exit')
print('end', s.recv(1024))
s.close()
";

const NAMES: [&str; 3] = ["Michael", "Tracy", "Sarah"];

fn clients(port: u16) -> [Foreign; 3] {
    NAMES.map(|name| {
        let mut client = Foreign::python(CLIENT, &[&port.to_string(), name]);
        // In this order, so that it is known whose turn it is.
        assert_eq!(client.line(), "connected");
        client
    })
}

fn beside_each_other(model: &'static str) {
    let args = ["--service", "hello", "--delay", "300", "--model", model];
    let (pty, port) = served(&args, 160, 40);
    let mut clients = clients(port);
    for (client, name) in clients.iter_mut().zip(NAMES) {
        assert_eq!(client.line(), "Welcome");
        assert_eq!(client.line(), format!("Hello,{name}!"));
    }
    // All are there at the same time.
    pty.wait_text("3 connected");
    pty.wait_text(if model == "poll" {
        "1 thread for 3 connections"
    } else {
        "1 + 3 threads"
    });
    for client in &mut clients {
        client.write("\n");
        assert_eq!(client.line(), "end b''");
    }
    pty.wait_text("0 connected");
}

fn one_after_the_other() {
    let args = ["--service", "hello", "--delay", "300", "--model", "serial"];
    let (pty, port) = served(&args, 120, 36);
    let mut clients = clients(port);
    for (i, name) in NAMES.into_iter().enumerate() {
        let client = &mut clients[i];
        assert_eq!(client.line(), "Welcome");
        assert_eq!(client.line(), format!("Hello,{name}!"));
        // The others are connected for all they know, and wait.
        let (alone, queue) = (
            format!("serves #{} alone", i + 1),
            format!("queue {}/128", 2 - i),
        );
        pty.wait(&format!("{alone}, {queue}"), |screen| {
            shows(screen, &alone) && shows(screen, &queue) && shows(screen, "1 connected")
        });
        for waiting in &mut clients[i + 1..] {
            assert_eq!(waiting.printed(), None, "it is not its turn");
        }
        clients[i].write("\n");
        assert_eq!(clients[i].line(), "end b''");
    }
    pty.wait_text("0 connected");
    pty.wait_text("queue 0/128");
}

fn fifty(model: &'static str) {
    let (pty, _) = served(&["--model", model], 160, 40);
    if model == "serial" {
        // Who stays keeps everybody else waiting.
        pty.keys("<f5><tab><c-u>50<enter>");
        pty.wait_text("crowd: 50 of 50 connected, 1 heard");
        pty.wait_text("queue 49/128");
        pty.wait_text("1 connected");
        pty.keys("g");
        pty.wait_text("0 connected");
        pty.wait_gone("crowd: ");
    }
    // Connect, send, recv, close.
    pty.keys("<f5><tab><c-u>50<tab><right>");
    pty.wait_text("connect, send, recv, close");
    pty.keys("<f5>w");
    pty.wait_text("crowd: 50 of 50 connected, 50 heard");
    pty.wait_text("0 connected");
    let screen = pty.screen();
    assert!(!screen.contains("failed"), "{screen}");
    pty.keys("<end>");
    pty.wait("the last client's answer", |screen| {
        shows_row(screen, &["client51", "5 B"]) || shows_row(screen, &["client101", "5 B"])
    });
    pty.keys("g");
    pty.wait_gone("crowd: ");
}
