//! The viewer's locale for numbers and dates: their choice, or the browser's `Accept-Language`.
//!
//! This is a table, not a library. The pages are in English, so only two separators and the order of dates differ. The
//! data of `icu_decimal` and `icu_datetime` would add megabytes of names that no page shows. The separators are those
//! of CLDR.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

use crate::cookie;

pub(crate) const LOCALE_COOKIE: &str = "locale";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateOrder {
    /// 16 Nov 2026
    Day,
    /// Nov 16, 2026
    Month,
    /// 2026 Nov 16
    Year,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Locale {
    /// The BCP 47 tag.
    pub(crate) tag: &'static str,
    pub(crate) name: &'static str,
    /// The separator of digit groups.
    group: &'static str,
    decimal: &'static str,
    pub(crate) order: DateOrder,
}

const fn locale(
    tag: &'static str,
    name: &'static str,
    group: &'static str,
    decimal: &'static str,
    order: DateOrder,
) -> Locale {
    Locale { tag, name, group, decimal, order }
}

/// Uses characters that do not break lines.
const SPACE: &str = "\u{a0}";
const NARROW_SPACE: &str = "\u{202f}";

/// If a region is missing, the first entry of its language is used.
pub(crate) const ALL: [Locale; 31] = [
    locale("en-GB", "English (United Kingdom)", ",", ".", DateOrder::Day),
    locale("en-US", "English (United States)", ",", ".", DateOrder::Month),
    locale("en-CA", "English (Canada)", ",", ".", DateOrder::Month),
    locale("en-AU", "English (Australia)", ",", ".", DateOrder::Day),
    locale("en-IN", "English (India)", ",", ".", DateOrder::Day),
    locale("en-ZA", "English (South Africa)", SPACE, ",", DateOrder::Day),
    locale("cs-CZ", "Czech", SPACE, ",", DateOrder::Day),
    locale("da-DK", "Danish", ".", ",", DateOrder::Day),
    locale("de-DE", "German", ".", ",", DateOrder::Day),
    locale("de-AT", "German (Austria)", SPACE, ",", DateOrder::Day),
    locale("de-CH", "German (Switzerland)", "’", ".", DateOrder::Day),
    locale("es-ES", "Spanish", ".", ",", DateOrder::Day),
    locale("es-MX", "Spanish (Mexico)", ",", ".", DateOrder::Day),
    locale("fi-FI", "Finnish", SPACE, ",", DateOrder::Day),
    locale("fr-FR", "French", NARROW_SPACE, ",", DateOrder::Day),
    locale("fr-CA", "French (Canada)", SPACE, ",", DateOrder::Day),
    locale("fr-CH", "French (Switzerland)", NARROW_SPACE, ",", DateOrder::Day),
    locale("hi-IN", "Hindi", ",", ".", DateOrder::Day),
    locale("hu-HU", "Hungarian", SPACE, ",", DateOrder::Year),
    locale("it-IT", "Italian", ".", ",", DateOrder::Day),
    locale("ja-JP", "Japanese", ",", ".", DateOrder::Year),
    locale("ko-KR", "Korean", ",", ".", DateOrder::Year),
    locale("nb-NO", "Norwegian", SPACE, ",", DateOrder::Day),
    locale("nl-NL", "Dutch", ".", ",", DateOrder::Day),
    locale("pl-PL", "Polish", SPACE, ",", DateOrder::Day),
    locale("pt-BR", "Portuguese (Brazil)", ".", ",", DateOrder::Day),
    locale("pt-PT", "Portuguese (Portugal)", SPACE, ",", DateOrder::Day),
    locale("sv-SE", "Swedish", SPACE, ",", DateOrder::Day),
    locale("tr-TR", "Turkish", ".", ",", DateOrder::Day),
    locale("uk-UA", "Ukrainian", SPACE, ",", DateOrder::Day),
    locale("zh-CN", "Chinese", ",", ".", DateOrder::Year),
];

/// Used if the browser requests no known locale.
pub(crate) const DEFAULT: &Locale = &ALL[0];

tokio::task_local! {
    /// The locale of the current request. Every number on its page uses it. Only [`choose`] sets it, and the stream for
    /// parts that are rendered after the response began. Outside a request, [`DEFAULT`] applies.
    pub(crate) static CURRENT: &'static Locale;
}

pub(crate) fn current() -> &'static Locale {
    CURRENT.try_with(|locale| *locale).unwrap_or(DEFAULT)
}

/// Runs the handler in the viewer's locale.
pub(crate) async fn choose(request: Request, next: Next) -> Response {
    let locale = Locale::of(request.headers());
    CURRENT.scope(locale, next.run(request)).await
}

impl Locale {
    /// Returns the viewer's choice, otherwise the first known locale that the browser requests.
    pub(crate) fn of(headers: &HeaderMap) -> &'static Self {
        if let Some(chosen) = chosen(headers) {
            return chosen;
        }
        let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut tags: Vec<(&str, f32)> = asked.split(',').take(20).filter_map(weighed).collect();
        // The sort is stable: among equal weights the first one counts.
        tags.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        tags.into_iter().find_map(|(tag, _)| Self::near(tag)).unwrap_or(DEFAULT)
    }

    pub(crate) fn find(tag: &str) -> Option<&'static Self> {
        ALL.iter().find(|locale| locale.tag.eq_ignore_ascii_case(tag))
    }

    /// Returns the exact locale, or one of the same language.
    fn near(tag: &str) -> Option<&'static Self> {
        let language = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        Self::find(tag).or_else(|| ALL.iter().find(|locale| language(locale.tag) == language(tag)))
    }

    /// Formats an integer: "12,480", "12.480". In India groups above the thousands have two digits: "1,24,800".
    pub(crate) fn grouped(&self, digits: &str) -> String {
        let is_indian = self.tag.ends_with("-IN");
        // Spain, Portugal and Poland do not group four digits.
        let stays_whole = matches!(self.tag, "es-ES" | "pt-PT" | "pl-PL") && digits.len() == 4;
        let mut text = String::with_capacity(digits.len() * 2);
        for (i, digit) in digits.chars().enumerate() {
            let behind = digits.len() - i;
            let begins =
                if is_indian { behind == 3 || (behind > 3 && behind % 2 == 1) } else { behind.is_multiple_of(3) };
            if i > 0 && begins && !stays_whole {
                text.push_str(self.group);
            }
            text.push(digit);
        }
        text
    }

    /// Formats a number with a fixed number of decimals: "1,234.50".
    pub(crate) fn decimal(&self, value: f64, n_digits: usize) -> String {
        let text = format!("{:.n_digits$}", value.abs());
        let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
        let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        let sign = if value < 0.0 && !is_zero { "−" } else { "" };
        let (whole, point) = (self.grouped(whole), if rest.is_empty() { "" } else { self.decimal });
        format!("{sign}{whole}{point}{rest}")
    }
}

/// Returns the viewer's choice for this browser, if there is one.
pub(crate) fn chosen(headers: &HeaderMap) -> Option<&'static Locale> {
    cookie::preference(headers, LOCALE_COOKIE).and_then(Locale::find)
}

/// Reads the weight of `de-CH;q=0.8`. `None` if it is 0.
fn weighed(item: &str) -> Option<(&str, f32)> {
    let (tag, parameters) = item.split_once(';').unwrap_or((item, ""));
    let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.trim().parse().ok())?;
    (!tag.trim().is_empty() && weight > 0.0).then_some((tag.trim(), weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(language: &'static str, cookie: &'static str) -> &'static str {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, language.parse().unwrap());
        headers.insert(http::header::COOKIE, cookie.parse().unwrap());
        Locale::of(&headers).tag
    }

    #[test]
    fn what_was_chosen_comes_before_what_the_browser_asks_for() {
        assert_eq!(of("de-CH,de;q=0.9,en;q=0.8", ""), "de-CH");
        assert_eq!(of("en;q=0.3, fr-BE", ""), "fr-FR");
        assert_eq!(of("tlh, en-us;q=0.5", ""), "en-US");
        assert_eq!(of("*", ""), "en-GB");
        assert_eq!(of("de;q=0, sv;q=0.1", ""), "sv-SE");
        assert_eq!(of("de-CH", "locale=fr-FR"), "fr-FR");
        assert_eq!(of("de-CH", "locale=mars"), "de-CH");
        assert_eq!(Locale::of(&HeaderMap::new()), DEFAULT);
    }

    #[test]
    fn numbers_have_the_signs_of_their_country() {
        let told = |tag: &str| {
            let locale = Locale::find(tag).unwrap();
            (locale.grouped("1234567"), locale.decimal(1_234.5, 2))
        };
        assert_eq!(told("en-US"), ("1,234,567".to_owned(), "1,234.50".to_owned()));
        assert_eq!(told("de-DE"), ("1.234.567".to_owned(), "1.234,50".to_owned()));
        assert_eq!(told("fr-FR"), ("1\u{202f}234\u{202f}567".to_owned(), "1\u{202f}234,50".to_owned()));
        assert_eq!(told("en-IN"), ("12,34,567".to_owned(), "1,234.50".to_owned()));
        assert_eq!(told("de-CH"), ("1’234’567".to_owned(), "1’234.50".to_owned()));
        assert_eq!(told("es-ES"), ("1.234.567".to_owned(), "1234,50".to_owned()));
        let us = Locale::find("en-US").unwrap();
        assert_eq!(
            (us.decimal(-0.004, 2), us.decimal(-2.5, 1), us.decimal(38.4, 0)),
            ("0.00".into(), "−2.5".into(), "38".into())
        );
    }
}
