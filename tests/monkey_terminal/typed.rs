//! What is typed: keys, halves of keys, the mouse, pastes. Left out is what would end or stop the program by itself:
//! Ctrl-C, Ctrl-Z, and the ways to spell them. Some ways lead there all the same, such as a palette.

use crate::random::Random;

/// What xterm sends for keys.
const KEYS: [&str; 30] = [
    "\r",
    "\r",
    "\t",
    "\t",
    "\x1b[Z",
    "\x1b[A",
    "\x1b[B",
    "\x1b[C",
    "\x1b[D",
    "\x1b[H",
    "\x1b[F",
    "\x1b[2~",
    "\x1b[3~",
    "\x1b[5~",
    "\x1b[6~",
    "\x1bOP",
    "\x1bOQ",
    "\x1bOR",
    "\x1bOS",
    "\x1b[15~",
    "\x1b[17~",
    "\x1b[18~",
    "\x1b[19~",
    "\x1b[20~",
    "\x1b[21~",
    "\x7f",
    "\x1b",
    "\x1b[1;5C",
    "\x1bb",
    "\x1bf",
];

/// The beginnings of keys, and what only looks like one. Some of it swallows what comes behind.
const HALVES: [&str; 18] = [
    "\x1b[",
    "\x1bO",
    "\x1b[1;",
    "\x1b[<",
    "\x1b[<0;5",
    "\x1b[<0;0;0M",
    "\x1b[<0;99999;99999M",
    "\x1b[<999;1;1M",
    "\x1b[<-1;1;1M",
    "\x1b[M\x01\x01\x01",
    "\x1b[M\u{7f}",
    "\x1b[?1;2c",
    "\x1b[24;80R",
    "\x1b[I",
    "\x1b[O",
    "\x1b]0;title\x07",
    "\x1bP1$r\x1b\\",
    "\x1b[200~never at an end",
];

/// Ways into what single keys seldom find. Whatever had the keys, Esc and F2 come before them.
const WAYS: [&str; 22] = [
    ":client connect 127.0.0.1 8888\r",
    ":client2 connect 127.0.0.1 9000\r",
    ":client3 connect 127.0.0.1 9000\r",
    ":client send \"hello\\r\\n\"\r",
    ":client recv 100\r",
    ":client close\r",
    ":server start 127.0.0.1 8888 --service chat --model poll\r",
    ":server start 127.0.0.1 8888 --service http --model serial\r",
    ":server start 127.0.0.1 8888 --udp\r",
    ":server start 127.0.0.1 8888\r",
    ":server stop\r",
    ":crowd start 20 127.0.0.1 8888\r",
    ":crowd end\r",
    ":ports try 127.0.0.1 8000 9100\r",
    ":save client received.bin\r",
    ":save script what.yard\r",
    ":play what.yard\ry",
    ":view script\r",
    "4w",
    "4g",
    "\x1bOSf",
    "\x10connect\r",
];

/// What is pasted between its markers, some of it with an end marker of its own.
const PASTES: [&str; 9] = [
    "hello",
    "\x1b[2J\u{9b}31m\u{202e}\r\n\0\x07",
    "你好👩\u{200d}👩\u{200d}👧\u{301}שלום",
    "a\x1b[201~b",
    "\x1b[200~",
    "127.0.0.1:8888",
    " [::1]:9000 ",
    "client connect 127.0.0.1 9000\nclient send \"x\"\n",
    "",
];

const CHARACTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz12345[]+-? 0:.\\\"";

/// The next input.
pub fn input(random: &mut Random) -> Vec<u8> {
    match random.below(100) {
        0..34 => vec![random.of(CHARACTERS)],
        34..60 => random.of(&KEYS).into(),
        60..66 => vec![control(random)],
        66..70 => random.of(&HALVES).into(),
        70..88 => mouse(random),
        88..92 => paste(random),
        92..96 => {
            let way = random.of(&WAYS);
            format!("\x1b[201~\x1bOQ{way}").into()
        }
        96 => random
            .of(&['é', '你', '\u{301}', '\u{202e}', '👩'])
            .to_string()
            .into(),
        // Bytes that are no text.
        97 => (0..4).map(|_| 0x80 | random.below(0x80) as u8).collect(),
        _ => sequence(random),
    }
}

/// A control byte, but for those that end or stop the program, or begin a key.
fn control(random: &mut Random) -> u8 {
    loop {
        let byte = random.below(32) as u8;
        if ![0x03, 0x1a, 0x1b].contains(&byte) {
            return byte;
        }
    }
}

/// Presses, releases, wheels and drags, most of them on the screen.
fn mouse(random: &mut Random) -> Vec<u8> {
    let button = random.of(&[0, 0, 0, 0, 1, 2, 32, 64, 65, 66, 67, 35, 4, 16]);
    let most = random.of(&[(60, 20), (120, 36), (120, 36), (300, 100), (70_000, 70_000)]);
    let (column, row) = (random.below(most.0), random.below(most.1));
    let end = random.of(&['M', 'M', 'M', 'm']);
    format!("\x1b[<{button};{column};{row}{end}").into()
}

fn paste(random: &mut Random) -> Vec<u8> {
    let count = random.of(&[1, 1, 1, 5, 500]);
    let text = random.of(&PASTES).repeat(count);
    format!("\x1b[200~{text}\x1b[201~").into()
}

/// A sequence with any parameters and any end; but `u`, by which some terminals spell every key.
fn sequence(random: &mut Random) -> Vec<u8> {
    let mut bytes = b"\x1b[".to_vec();
    for _ in 0..random.below(6) {
        bytes.push(random.of(b"0123456789;;?<>"));
    }
    bytes.push(random.of(b"@ABCDEFGHIJKLMPQRSTXZ`abcdefghilmnpqrst~"));
    bytes
}
