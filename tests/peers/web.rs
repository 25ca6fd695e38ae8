//! HTTP both ways: curl at the playground's server, and the playground at a server of Python's, with what comes saved.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
use tempfile::TempDir;

use super::foreign::{Foreign, status, trial};
use super::play::{CLIENT_PORT, CONNECTED, served};
use super::pty::{Pty, sockyard};

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "curl_gets_pages_heads_and_what_is_not_there",
            &["curl"],
            curl_asks,
        ),
        trial(
            "curl_keeps_its_connection_for_a_second_page",
            &["curl"],
            curl_keeps,
        ),
        trial("a_page_is_fetched_and_its_body_saved", &["python3"], page),
        trial(
            "a_hundred_megabytes_are_saved_as_they_are",
            &["python3"],
            large,
        ),
        trial(
            "a_file_is_replaced_only_after_a_yes",
            &["python3"],
            replaced,
        ),
        trial(
            "a_place_where_nothing_can_be_saved_is_said_to_be_one",
            &["python3"],
            no_place,
        ),
    ]
}

const PAGE: &str = include_str!("../../assets/pages/index.en.html");

/// What curl prints: first what it says of the connection and the heads, then the bodies.
fn curl(args: &[&str]) -> (String, String) {
    let output = std::process::Command::new("curl")
        .args(["-sv", "--max-time", "20"])
        .args(args)
        .output()
        .expect("it is installed");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    assert!(output.status.success(), "{}", text(output.stderr));
    (text(output.stderr), text(output.stdout))
}

fn curl_asks() {
    for model in ["serial", "threads", "poll"] {
        let (pty, port) = served(&["--service", "http", "--model", model], 120, 36);
        let url = format!("http://127.0.0.1:{port}/");

        let (said, page) = curl(&[&url]);
        assert!(said.contains("< HTTP/1.1 200 OK"), "{said}");
        assert!(
            said.contains(&format!("< Content-Length: {}", PAGE.len())),
            "{said}"
        );
        assert_eq!(page, PAGE);

        let (said, page) = curl(&["-I", &url]);
        assert!(said.contains("> HEAD / HTTP/1.1"), "{said}");
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
        assert!(
            page.contains(&format!("Content-Length: {}\r\n", PAGE.len())),
            "{page}"
        );
        assert!(page.ends_with("\r\n\r\n"), "there is no body: {page}");

        let (said, page) = curl(&[&format!("{url}nowhere")]);
        assert!(said.contains("< HTTP/1.1 404 Not Found"), "{said}");
        assert!(page.contains("There is nothing here."), "{page}");

        pty.wait_text("0 connected");
        pty.wait_text("HEAD / HTTP/1.1");
        pty.wait_text("GET /nowhere HTTP/1.1");
    }
}

fn curl_keeps() {
    let (pty, port) = served(&["--service", "http"], 120, 36);
    let url = format!("http://127.0.0.1:{port}");
    let (said, pages) = curl(&[&format!("{url}/"), &format!("{url}/zh")]);
    assert_eq!(said.matches("< HTTP/1.1 200 OK").count(), 2, "{said}");
    assert!(said.contains("Re-using existing connection"), "{said}");
    let chinese = include_str!("../../assets/pages/index.zh.html");
    assert!(pages == format!("{PAGE}{chinese}"));
    pty.wait_text("0 connected");
    // It was one connection.
    pty.wait_text("GET /zh HTTP/1.1");
    pty.wait_text(" closed ");
    assert_eq!(pty.screen().matches(" closed ").count(), 1);
}

/// Python's own web server with a folder of its own, and the playground's client connected to it.
struct Fetching {
    folder: TempDir,
    pty: Pty,
    _python: Foreign,
}

impl Fetching {
    #[track_caller]
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let served = folder.path().join("served");
        fs::create_dir(&served).expect("a folder");
        for (name, content) in files {
            fs::write(served.join(name), content).expect("a file");
        }
        let args = [
            "-u",
            "-m",
            "http.server",
            "0",
            "--bind",
            "127.0.0.1",
            "--directory",
        ];
        let served = served.to_str().expect("text");
        let mut python = Foreign::start("python3", &[&args[..], &[served]].concat());
        // Serving HTTP on 127.0.0.1 port 40000 (http://…) ...
        let line = python.line();
        let (_, after) = line.split_once(" port ").expect("it says where it serves");
        let port: String = after.chars().take_while(char::is_ascii_digit).collect();
        let pty = sockyard(&["--connect", &format!("127.0.0.1:{port}")], 120, 36);
        pty.wait_text(CONNECTED);
        Fetching {
            folder,
            pty,
            _python: python,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Orders by keys that the body be saved to `path`.
    fn save_body(&self, path: &Path) {
        self.pty.keys("<f2>oy");
        self.pty.wait_text("save the body");
        self.pty.keys(&format!("<c-u>{}<enter>", path.display()));
    }

    /// Asks for `path`, and for the connection to be closed behind the answer.
    fn ask(&self, path: &str) {
        self.pty
            .keys(&format!(r"<f2>i<c-u>GET /{path} HTTP/1.0\r\n\r\n<enter>"));
    }

    /// Connects again, after the server has closed.
    fn again(&self) {
        self.pty.keys("<f2>l");
        self.pty.wait_text("client ─ no socket");
        self.pty.keys("<f2>c");
        self.pty.wait_text(CONNECTED);
    }
}

/// `length` bytes in which no two places look alike for long, the same in each run.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn page() {
    let page = "<!doctype html>\n<p>你好, <b>world</b>\r\n\r\nand an empty line before this\n";
    let it = Fetching::new(&[("index.html", page.as_bytes())]);
    // The ready-made text, with the host and the port of the fields; it asks for the connection to be closed.
    it.pty.keys("<f2>t");
    it.pty.wait_text("a web page");
    it.pty.keys("a");
    it.pty.wait_text("Connection: close");
    it.pty.keys("<enter>");
    it.pty.wait_text("CLOSE_WAIT");
    it.pty.wait_text("HTTP/1.0 200 OK");
    // Head and body apart.
    it.pty.keys("<f2>mmm");
    it.pty.wait_text("head │ HTTP/1.0 200 OK");
    it.pty.wait_text("body │ <!doctype html>");
    // All of it has come: it can be saved at once.
    let file = it.path("page.html");
    it.save_body(&file);
    it.pty.wait_text(&format!("saved {} B to ", page.len()));
    assert_eq!(fs::read(&file).expect("a file"), page.as_bytes());
    // With the head too.
    it.pty.keys("<f2>os");
    it.pty.wait_text("save what it receives");
    let whole = it.path("whole.http");
    it.pty.keys(&format!("<c-u>{}<enter>", whole.display()));
    it.pty.wait_text("saved ");
    it.pty.wait_text("whole.http");
    let whole = fs::read(&whole).expect("a file");
    assert!(whole.starts_with(b"HTTP/1.0 200 OK\r\n"));
    assert!(whole.ends_with(page.as_bytes()));
}

/// More than the client keeps, more than once.
const LARGE: usize = 100 << 20;

fn large() {
    let content = noise(LARGE);
    let it = Fetching::new(&[("large.bin", &content)]);
    let file = it.path("copy.bin");
    it.save_body(&file);
    it.pty.wait_text("● saving ");
    it.ask("large.bin");
    it.pty.wait_text("saved 104,857,600 B to ");
    it.pty.wait_text("CLOSE_WAIT");
    assert!(
        fs::read(&file).expect("a file") == content,
        "what was saved is something else"
    );
    // It keeps the last 16 MiB, and never had much more than that.
    let peak = status(it.pty.pid(), "VmHWM");
    assert!(peak < 120 << 10, "{peak} kB");
}

fn replaced() {
    let (old, new) = (&b"what was there before"[..], noise(3 << 20));
    let it = Fetching::new(&[("new.bin", &new)]);
    let file = it.path("file.bin");
    fs::write(&file, old).expect("a file");

    // No, and it stays; the answer is received all the same.
    it.save_body(&file);
    it.pty.wait_text("exists and has 21 bytes.");
    it.pty.keys("n");
    it.pty.wait_gone("exists and has 21 bytes.");
    it.ask("new.bin");
    it.pty.wait_text("CLOSE_WAIT");
    assert_eq!(fs::read(&file).expect("a file"), old);

    // Yes, and it is replaced once all has come.
    it.again();
    it.save_body(&file);
    it.pty.wait_text("exists and has 21 bytes.");
    it.pty.keys("y");
    it.pty.wait_text("● saving ");
    assert_eq!(fs::read(&file).expect("a file"), old);
    it.ask("new.bin");
    it.pty.wait_text("saved 3,145,728 B to ");
    assert!(fs::read(&file).expect("a file") == new);
    // Nothing else was left in the folder.
    let left: Vec<_> = fs::read_dir(it.folder.path()).expect("a folder").collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

fn no_place() {
    let it = Fetching::new(&[("page.html", &noise(100_000))]);
    let missing = it.path("no such folder").join("page.html");
    for (path, why) in [
        (it.folder.path(), "it is a folder"),
        (&missing, "no such folder does not exist: make it first"),
        (Path::new("/dev/full"), "it is a device, and only files"),
        (
            Path::new("/proc/nothing.html"),
            "no file can be made there: choose another folder (ENOENT)",
        ),
    ] {
        it.save_body(path);
        it.pty.wait_text("not saved: ");
        it.pty.wait_text(why);
        // Another key takes the message away, and the program is as it was.
        it.pty.keys("<f2>");
        it.pty.wait_gone("not saved: ");
    }
    it.ask("page.html");
    it.pty.wait_text("CLOSE_WAIT");
    it.pty.keys(&format!("{CLIENT_PORT}<c-y><f2>l"));
    it.pty.wait_text("client ─ no socket");
    it.pty.keys("<c-c>");
    assert!(it.pty.wait_exit().success());
}
