//! The ready-made scripts: each is good, passes, ends by itself and leaves no worker behind.

use std::fs;
use std::path::Path;
use std::time::Duration;

use libtest_mimic::Trial;

use super::foreign::trial;
use super::played::{Playing, play, ready_made, scripts_in};

/// A script that takes longer than this bores its reader. A machine under load may need a multiple of what it does.
const BORING: Duration = Duration::from_secs(20);

pub fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = ready_made()
        .into_iter()
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy();
            trial(&format!("ready_made_{name}_passes"), &[], move || {
                passes(&path);
            })
        })
        .collect();
    trials.push(trial("each_ready_made_script_is_good", &[], are_good));
    trials.push(trial(
        "each_ready_made_script_is_a_lesson",
        &[],
        are_lessons,
    ));
    trials.push(trial("a_page_is_saved_as_it_was_served", &[], page));
    trials
}

fn passes(path: &Path) {
    let played = play(&[Path::new("run"), path], "");
    played.exits(0).says("\npassed: ");
    assert_eq!(played.stderr, "", "a worker was left behind, or worse");
    assert!(played.took < BORING, "{played:#?}");
}

fn are_good() {
    let (ready, grading) = (ready_made(), scripts_in("assets/scripts/grading"));
    assert!(ready.len() >= 20 && grading.len() >= 2);
    let mut args = vec![Path::new("check")];
    args.extend(
        ready
            .iter()
            .chain(&grading)
            .map(std::path::PathBuf::as_path),
    );
    let played = play(&args, "");
    played.exits(0);
    assert_eq!((&played.stdout[..], &played.stderr[..]), ("", ""));
}

/// They begin with what they are about, say something, expect something, and fit into 100 columns.
fn are_lessons() {
    for path in ready_made() {
        let text = fs::read_to_string(&path).expect("a script");
        let path = path.display();
        let has = |word: &str| text.lines().any(|line| line.starts_with(word));
        assert!(text.starts_with("# "), "{path}");
        assert!(has("say ") && has("expect "), "{path}");
        let longest = text.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(100), "{path}: {longest:?}");
        let leaves = text.lines().filter(|line| {
            let connects = line.contains(" connect ") || line.contains(" sendto ");
            connects
                && !line.starts_with("say")
                && !line.starts_with('#')
                && !line.contains(" 127.0.0.1 ")
        });
        let leaves: Vec<&str> = leaves.filter(|line| !line.starts_with("expect")).collect();
        assert!(leaves.is_empty(), "{path}: {leaves:?}");
    }
}

fn page() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/scripts/07-save-page.yard");
    // Twice: the second time it is replaced.
    for _ in 0..2 {
        let args = [Path::new("run"), &script];
        Playing::start(&args, folder.path(), "").end().exits(0);
        let saved = fs::read(folder.path().join("page-of-sockyard.html")).expect("it was saved");
        let page = include_bytes!("../../assets/pages/index.en.html");
        assert!(saved == page, "{}", String::from_utf8_lossy(&saved));
    }
}
