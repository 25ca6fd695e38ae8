//! How a script is printed beside its calls: its steps, what is said, and the verdict.

use std::io::{self, Write};

use serde::Serialize;

use super::report::{Report as Log, micros};
use crate::app::script::expectation::Program;
use crate::app::script::player::ProgramEvent;
use crate::app::script::report::{Failure, Report, Verdict};
use crate::app::words::token::tokens;
use crate::model::cells::wrap;
use crate::model::moment::Elapsed;
use crate::model::{Moment, glyph};

/// The lines of a script in JSON, as `--help` tells them.
pub const SCRIPT_SCHEMA: &str = "  step       a step begins: at_us, line (its number in the file), text
  said       text for a reader: text
  held       what was expected came about: line, took_us (since the step began)
  program    the program under test: does (\"listens\", \"prints\", \"exits\", \"failed\", or \"floods\": no more of its
             lines follow), text (where, what, how, why)
  verdict    the last line, unless a signal ended it: passed (true or false), script, steps (how many came to their
             end), held (how many expectations), took_us, line? and step? (the one that failed), why?, symptom? (what
             the script says that it means), wrong? (true if the script is wrong), program_exit? and program_printed?
             (how the program under test ended, and the last that it printed)";

/// The cells of what is said, and of why something failed.
const WIDTH: usize = 90;
/// Lines of what the program under test has printed that are shown with the verdict.
const LAST_LINES: usize = 8;

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Step {
        at_us: u64,
        line: usize,
        text: &'a str,
    },
    Said {
        text: &'a str,
    },
    Held {
        line: usize,
        took_us: u64,
    },
    Program {
        does: &'static str,
        text: String,
    },
    Verdict {
        passed: bool,
        script: &'a str,
        steps: usize,
        held: usize,
        took_us: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        step: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        symptom: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        wrong: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        program_exit: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        program_printed: Option<&'a str>,
    },
}

/// A step as a person reads it: as it was written, but without what it means if it fails.
fn step_text(text: &str) -> String {
    let kept = match tokens(text) {
        Ok(tokens) => {
            let mut kept = Vec::new();
            let mut tokens = tokens.iter();
            while let Some(token) = tokens.next() {
                match token.raw.as_str() {
                    "--else" => drop(tokens.next()),
                    raw if raw.starts_with("--else=") => {}
                    raw => kept.push(raw),
                }
            }
            kept.join(" ")
        }
        Err(_) => text.to_owned(),
    };
    // Its own escapes are safe already, and are not to be doubled.
    glyph::line(kept.as_bytes()).replace("\\\\", "\\")
}

/// Prints what a script does.
///
/// # Errors
/// What cannot be written.
pub fn report(log: &mut Log<impl Write>, report: &Report, now: Moment) -> io::Result<()> {
    match report {
        Report::Step(line, text) => {
            let object = Line::Step {
                at_us: now.0,
                line: *line,
                text,
            };
            // What is said is its own line.
            if text.split_whitespace().next() == Some("say") {
                log.say_object(&object)
            } else {
                log.say(&format!("{line:>4} > {}", step_text(text)), &object)
            }
        }
        Report::Said(text) => {
            let lines = text
                .lines()
                .flat_map(|line| wrap(&glyph::line(line.as_bytes()), WIDTH));
            let lines: Vec<String> = lines.map(|line| format!("     {line}")).collect();
            log.say(&format!("\n{}", lines.join("\n")), &Line::Said { text })
        }
        Report::Held(line, took) => {
            let object = Line::Held {
                line: *line,
                took_us: micros(*took),
            };
            // What has come about before it was asked for needs no time.
            let text = match took.as_millis() {
                0 => "     holds".to_owned(),
                _ => format!("     holds, after {}", Elapsed(*took)),
            };
            log.say(&text, &object)
        }
        Report::Over(found) => verdict(log, found, None),
    }
}

/// Prints what the program under test has done.
///
/// # Errors
/// What cannot be written.
pub fn program(log: &mut Log<impl Write>, event: &ProgramEvent) -> io::Result<()> {
    let (does, words, text) = match event {
        ProgramEvent::Listens(place) => {
            let words = place.to_string();
            let text = format!("     program listens at {words}");
            ("listens", words, text)
        }
        ProgramEvent::Prints(lines) => return printed(log, lines),
        ProgramEvent::Exits(exit) => {
            let words = exit.to_string();
            let text = format!("     program ended: {words}");
            ("exits", words, text)
        }
        ProgramEvent::Failed(why) => {
            let text = format!("     program: {why}");
            ("failed", why.clone(), text)
        }
    };
    log.say(&text, &Line::Program { does, text: words })
}

/// Prints lines that the program under test has printed.
///
/// # Errors
/// What cannot be written.
pub fn printed(log: &mut Log<impl Write>, lines: &[String]) -> io::Result<()> {
    lines.iter().try_for_each(|line| {
        let words = glyph::line(line.as_bytes());
        let text = format!("     program | {words}");
        let does = "prints";
        log.say(&text, &Line::Program { does, text: words })
    })
}

/// Says that the program under test has printed so many lines, and that no more are shown.
///
/// # Errors
/// What cannot be written.
pub fn too_many_lines(log: &mut Log<impl Write>, count: usize) -> io::Result<()> {
    let words = format!("it has printed {count} lines: no more of them are shown");
    let does = "floods";
    log.say(
        &format!("     program: {words}"),
        &Line::Program { does, text: words },
    )
}

/// Where in a script: 0 is no line of it.
fn place(script: &str, number: usize) -> String {
    match number {
        0 => script.to_owned(),
        _ => format!("{script}:{number}"),
    }
}

/// Why a script failed, in a line.
#[must_use]
pub fn failure_line(verdict: &Verdict, failure: &Failure) -> String {
    let Failure {
        number, step, why, ..
    } = failure;
    let place = place(&verdict.script, *number);
    format!("{place}: {}: {why}", step_text(step))
}

/// Prints how a script ended.
///
/// # Errors
/// What cannot be written.
pub fn verdict(
    log: &mut Log<impl Write>,
    verdict: &Verdict,
    tested: Option<&Program>,
) -> io::Result<()> {
    let Verdict {
        script,
        steps,
        held,
        took,
        failure,
    } = verdict;
    let exit = tested.and_then(|program| program.exit);
    let printed = tested.map(|program| program.printed.as_str());
    let printed = printed.filter(|_| failure.is_some()).map(|all| {
        let begin = all.trim_end().rmatch_indices('\n').nth(LAST_LINES - 1);
        all[begin.map_or(0, |(at, _)| at + 1)..].trim_end()
    });
    let failed = failure.as_ref();
    let object = Line::Verdict {
        passed: failure.is_none(),
        script,
        steps: *steps,
        held: *held,
        took_us: micros(*took),
        line: failed
            .map(|failure| failure.number)
            .filter(|number| *number > 0),
        step: failed.map(|failure| failure.step.as_str()),
        why: failed.map(|failure| failure.why.as_str()),
        symptom: failed.and_then(|failure| failure.symptom.as_deref()),
        wrong: failed
            .map(|failure| failure.is_wrong)
            .filter(|wrong| *wrong),
        program_exit: exit.map(|exit| exit.to_string()),
        program_printed: printed,
    };
    let mut text = String::from("\n");
    match failed {
        None => {
            let (s, e) = (plural(*steps), plural(*held));
            text.push_str(&format!(
                "passed: {script}: {steps} step{s}, {held} expectation{e} held, in {}",
                Elapsed(*took)
            ));
        }
        Some(failure) => {
            let word = if failure.is_wrong { "wrong" } else { "FAILED" };
            let Failure { number, step, .. } = failure;
            let (place, step) = (place(script, *number), step_text(step));
            text.push_str(&format!("{word}: {place}: {step}"));
            for line in wrap(&failure.why, WIDTH) {
                text.push_str(&format!("\n     {line}"));
            }
            if let Some(symptom) = &failure.symptom {
                let symptom = glyph::line(symptom.as_bytes());
                for (i, line) in wrap(&symptom, WIDTH).iter().enumerate() {
                    let head = if i == 0 { "symptom: " } else { "     " };
                    text.push_str(&format!("\n{head}{line}"));
                }
            }
            if let Some(exit) = exit.filter(|exit| !failure.why.contains(&exit.to_string())) {
                text.push_str(&format!("\nthe program ended with {exit}"));
            }
            if let Some(printed) = printed.filter(|printed| !printed.is_empty()) {
                text.push_str("\nthe program printed last:");
                for line in printed.lines() {
                    text.push_str(&format!("\n     | {}", glyph::line(line.as_bytes())));
                }
            }
        }
    }
    log.say(&text, &object)
}

const fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;
    use unicode_width::UnicodeWidthStr;

    use super::super::report::Format;
    use super::*;
    use crate::app::script::expectation::{Exit, Place};
    use crate::model::{SocketKind, WallClock};

    const STEP: &str = r#"expect client received "a\r\n" --within 2s --else "no answer""#;

    fn failed() -> (Verdict, Program) {
        let failure = Failure {
            number: 7,
            step: STEP.to_owned(),
            why: "it received nothing more, ".repeat(9),
            symptom: Some("a symptom\x1b[2J ".repeat(9)),
            is_wrong: true,
        };
        let verdict = Verdict {
            script: "a.yard".to_owned(),
            steps: 3,
            held: 1,
            took: Duration::from_millis(40),
            failure: Some(failure),
        };
        let mut program = Program {
            exit: Some(Exit::Status(1)),
            ..Program::default()
        };
        for number in 1..=10 {
            program.prints(&format!("line {number}"));
        }
        (verdict, program)
    }

    /// Everything that can be printed.
    fn printed(format: Format) -> String {
        let mut log = Log::new(Vec::new(), format, WallClock::default());
        let place = Place {
            address: "127.0.0.1:80".parse().expect("an address"),
            kind: SocketKind::Datagram,
        };
        let (found, tested) = failed();
        let reports = [
            Report::Step(1, "say \"a\"".to_owned()),
            Report::Said("one\ntwo".to_owned()),
            Report::Step(7, STEP.to_owned()),
            Report::Held(7, Duration::from_micros(3)),
            Report::Held(7, Duration::from_millis(300)),
        ];
        for item in &reports {
            report(&mut log, item, Moment(5)).expect("memory takes everything");
        }
        for event in [
            ProgramEvent::Listens(place),
            ProgramEvent::Prints(vec!["a\x07".to_owned()]),
            ProgramEvent::Exits(Exit::Signal(9)),
            ProgramEvent::Failed("no".to_owned()),
        ] {
            program(&mut log, &event).expect("memory takes everything");
        }
        too_many_lines(&mut log, 500).expect("memory takes everything");
        verdict(&mut log, &found, Some(&tested)).expect("memory takes everything");
        String::from_utf8(log.into_inner()).expect("text")
    }

    #[test]
    fn every_field_that_is_written_is_in_the_schema() {
        let mut kinds = Vec::new();
        for line in printed(Format::Json).lines() {
            let object: Value = serde_json::from_str(line).expect("an object");
            let event = object["event"].as_str().expect("a name").to_owned();
            let begin = format!("\n  {event} ");
            let (_, about) = format!("\n{SCRIPT_SCHEMA}")
                .split_once(&begin)
                .map(|(before, about)| (before.to_owned(), about.to_owned()))
                .expect("it is in the schema");
            // Until the next one begins.
            let end = about
                .match_indices("\n  ")
                .find(|(at, _)| !about[at + 3..].starts_with(' '));
            let about = &about[..end.map_or(about.len(), |(at, _)| at)];
            for key in object.as_object().expect("an object").keys() {
                assert!(key == "event" || about.contains(key), "{key} of {event}");
            }
            if let Some(does) = object["does"].as_str() {
                assert!(about.contains(&format!("\"{does}\"")), "{does}");
            }
            kinds.push(event);
        }
        kinds.dedup();
        let wanted = ["step", "said", "step", "held", "program", "verdict"];
        assert_eq!(kinds, wanted);
        let all = printed(Format::Json);
        let last: Value = serde_json::from_str(all.lines().last().expect("a line")).expect("JSON");
        assert_eq!((&last["wrong"], &last["line"]), (&true.into(), &7.into()));
        assert_eq!(last["step"], STEP);
        assert_eq!(last["program_exit"], "exit status 1");
    }

    #[test]
    fn the_text_is_what_a_person_needs_and_no_wider_than_it_need_be() {
        let text = printed(Format::Text);
        assert!(text.contains("\n     one\n     two\n"), "{text}");
        let step = r#"   7 > expect client received "a\r\n" --within 2s"#;
        assert!(text.contains(&format!("{step}\n     holds\n     holds, after 300 ms\n")));
        assert!(!text.contains("--else") && !text.contains("say"), "{text}");
        assert!(text.contains("\nwrong: a.yard:7: expect client"), "{text}");
        assert!(text.contains("\nsymptom: a symptom\\x1b[2J"), "{text}");
        let program =
            "\nthe program ended with exit status 1\nthe program printed last:\n     | line 3\n";
        assert!(
            text.contains(program) && text.ends_with("     | line 10\n"),
            "{text}"
        );
        assert!(text.lines().all(|line| line.width() <= 100), "{text}");
    }

    #[test]
    fn nothing_that_is_printed_acts_on_a_terminal_and_json_reads_back_as_it_was() {
        let hostile = "a\u{1b}[2J\u{9b}m\u{85}\u{202e}b\u{e0041}\u{2028}\u{2029}\u{7f}你\\z";
        let (mut found, tested) = failed();
        found.script = hostile.to_owned();
        if let Some(failure) = &mut found.failure {
            failure.step = hostile.to_owned();
            failure.why = hostile.to_owned();
            failure.symptom = Some(hostile.to_owned());
        }
        let mut tested = tested;
        tested.prints(hostile);
        let print = |format| {
            let mut log = Log::new(Vec::new(), format, WallClock::default());
            for item in [
                Report::Step(1, hostile.to_owned()),
                Report::Said(hostile.to_owned()),
            ] {
                report(&mut log, &item, Moment(5)).expect("memory takes everything");
            }
            for event in [
                ProgramEvent::Prints(vec![hostile.to_owned()]),
                ProgramEvent::Failed(hostile.to_owned()),
            ] {
                program(&mut log, &event).expect("memory takes everything");
            }
            verdict(&mut log, &found, Some(&tested)).expect("memory takes everything");
            String::from_utf8(log.into_inner()).expect("text")
        };
        for format in [Format::Text, Format::Json] {
            let printed = print(format);
            let is_hostile = |c: &char| !glyph::is_plain(*c) && *c != '\n';
            assert_eq!(printed.chars().find(is_hostile), None, "{printed:?}");
        }
        let all = print(Format::Json);
        let objects: Vec<Value> = all
            .lines()
            .map(|line| serde_json::from_str(line).expect("an object"))
            .collect();
        for (line, key) in [
            (0, "text"),
            (1, "text"),
            (3, "text"),
            (4, "script"),
            (4, "step"),
            (4, "why"),
            (4, "symptom"),
        ] {
            assert_eq!(objects[line][key], hostile, "{key} of line {line}");
        }
        assert!(
            objects[4]["program_printed"]
                .as_str()
                .is_some_and(|text| text.ends_with(hostile))
        );
    }

    #[test]
    fn a_failure_without_a_line_names_the_script_alone() {
        let (mut verdict, _) = failed();
        let failure = verdict.failure.as_mut().expect("it failed");
        failure.number = 0;
        failure.step = "program start".to_owned();
        failure.why = "no".to_owned();
        let failure = failure.clone();
        assert_eq!(
            failure_line(&verdict, &failure),
            "a.yard: program start: no"
        );
    }
}
