//! Text from strangers and from people: escapes, glyphs, cells, values, fields, the config file.

use proptest::prelude::*;

use super::properties;

/// Text with escapes in it, good ones and others.
fn escaped() -> impl Strategy<Value = String> {
    "(\\PC|.|\\\\[nrt0xuq\"\\\\]|\\\\x[0-9a-g]{0,2}|\\\\u\\{[0-9a-fg]{0,7}\\}){0,20}"
}

/// Characters that terminals and width tables have their own opinions of.
fn hostile() -> impl Strategy<Value = String> {
    "([\\x00-\\x7f]|[\\u{0300}-\\u{036f}\\u{200b}-\\u{200f}\\u{fe00}-\\u{fe0f}]|[\\u{2600}-\\u{27bf}]|[\\u{a4f8}-\\u{a4fd}]|[\\u{1f300}-\\u{1faff}]|[\\u{1100}-\\u{11ff}\\u{ac00}-\\u{d7ff}]|[\\u{0900}-\\u{0dff}]|[\\u{4e00}-\\u{4eff}]|.| ){0,40}"
}

/// A line of a config file.
fn setting() -> impl Strategy<Value = String> {
    let key = "connect|bind|port|service|model|backlog|keep|recv|limit|total|pace|script.limit|colour|\\[script\\]|\\[play\\]|[a-z.\"]{1,6}";
    let value = "\"[^\"\\x00-\\x1f\\\\]{0,12}\"|[0-9]{1,9}|0x[0-9a-f]{1,4}|true|-1|\\[\\]|\\{a = 1\\}|1.5|\"127.0.0.1:8888\"|\"echo\"|\"5s\"|.{0,5}";
    (key, value).prop_map(|(key, value)| {
        if key.starts_with('[') {
            key
        } else {
            format!("{key} = {value}")
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn escapes_are_read_or_refused(text in prop_oneof![escaped(), hostile()]) {
        properties::escapes(&text);
    }

    #[test]
    fn any_bytes_are_shown_plainly_and_typed_back(bytes in prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60),
        hostile().prop_map(String::into_bytes),
    ]) {
        properties::glyphs(&bytes);
    }

    #[test]
    fn cut_and_wrapped_text_fits(width in 0..200u8, text in prop_oneof![hostile(), "([a-z]{1,12} ){0,30}"]) {
        properties::cells(&format!("{}{text}", char::from(width)));
    }

    #[test]
    fn values_are_read_or_refused(text in prop_oneof![
        "[0-9]{1,12} {0,1}(h|min|m|s|ms|us|ns|d|\\n|)",
        "([0-9]{1,4}(h|min|s|ms|us|ns)){1,6}",
        "(\\[|)[0-9a-f:.]{1,20}(\\]|):[0-9a-z]{1,6}",
        "(client|server#|server|ports)[0-9]{0,4}",
        hostile(),
    ]) {
        properties::values(&text);
    }

    #[test]
    fn fields_keep_to_what_they_take(edits in "[a-m]{0,16}", text in prop_oneof![hostile(), escaped()]) {
        properties::field(&format!("{edits}\n{text}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn config_files_are_read_or_refused(text in prop_oneof![
        hostile(),
        proptest::collection::vec(setting(), 0..5).prop_map(|lines| lines.join("\n")),
    ]) {
        properties::config(&text);
    }
}
