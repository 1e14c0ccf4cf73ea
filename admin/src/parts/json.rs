//! Renders JSON for people: indented, with different colours for keys, texts and numbers.

use maud::{Markup, html};
use serde_json::Value;

/// Pretty-prints JSON with colours. It takes a value and not text, so the result is always valid JSON.
pub(crate) fn json(value: &Value) -> Markup {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    html! { @for (i, line) in text.lines().enumerate() { @if i > 0 { "\n" } (colour(line)) } }
}

/// Pretty-printed JSON has one key, value or bracket per line, and escapes line breaks.
fn colour(line: &str) -> Markup {
    let text = line.trim_start();
    let indent = &line[..line.len() - text.len()];
    let (key, rest) = match text.split_once("\": ") {
        Some((key, rest)) if key.starts_with('"') => (Some(key), rest),
        _ => (None, text),
    };
    let (value, comma) = rest.strip_suffix(',').map_or((rest, ""), |value| (value, ","));
    let class = match value.chars().next() {
        Some('"') => Some("s"),
        Some('0'..='9' | '-' | 't' | 'f' | 'n') => Some("n"),
        _ => None,
    };
    html! {
        (indent)
        @if let Some(key) = key { span.k { (key) "\"" } ": " }
        @if let Some(class) = class { span class=(class) { (value) } } @else { (value) }
        (comma)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_texts_and_numbers_are_told_apart() {
        let shown = json(&serde_json::json!({"name": "Maya <b>", "grade": 7, "skills": []})).into_string();
        assert!(
            shown.contains(
                r#"<span class="k">&quot;name&quot;</span>: <span class="s">&quot;Maya &lt;b&gt;&quot;</span>,"#
            ),
            "{shown}"
        );
        assert!(shown.contains(r#"<span class="n">7</span>,"#) && shown.contains(": []"));
    }

    #[test]
    fn without_its_colours_it_is_the_same_json() {
        let value = serde_json::json!({"a \": b": ["x, \"y\": z,", -1.5, true, null], "c": {"d": "e,"}});
        let shown = json(&value).into_string();
        let bare = regex_free_text(&shown);
        assert_eq!(serde_json::from_str::<Value>(&bare).unwrap(), value);
    }

    /// Returns the text of markup that contains only spans.
    fn regex_free_text(markup: &str) -> String {
        let text: String = markup.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
        text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }
}
