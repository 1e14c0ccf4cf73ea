//! Formats numbers for readers: durations, money, shares and counts, in the viewer's locale.

use crate::locale;

/// Formats a length: "0:41", "18:42", "1:02:11".
pub(crate) fn length(seconds: i64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Formats a waiting time: "14 s", "6 min 20 s", "2 h 5 min", "3 days".
pub(crate) fn wait(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{} s", seconds.max(0)),
        60..3600 if seconds % 60 == 0 => format!("{} min", seconds / 60),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..172_800 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Formats a response time: "< 1 ms", "312 ms", "1.4 s".
pub(crate) fn quick(microseconds: f64) -> String {
    match microseconds {
        ..1_000.0 => "< 1 ms".to_owned(),
        1_000.0..999_500.0 => format!("{:.0} ms", microseconds / 1_000.0),
        _ => format!("{} s", decimal(microseconds / 1_000_000.0, 1)),
    }
}

/// Formats an integer: "12,480".
pub(crate) fn count(n: i64) -> String {
    let sign = if n < 0 { "−" } else { "" };
    format!("{sign}{}", locale::current().grouped(&n.unsigned_abs().to_string()))
}

/// Formats a number with a fixed number of decimals: "1,234.50".
pub(crate) fn decimal(value: f64, n_digits: usize) -> String {
    locale::current().decimal(value, n_digits)
}

/// Formats a count with its noun: "1 session", "12,480 sessions".
pub(crate) fn counted(n: i64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Formats millionths of a dollar: "$2.07".
pub(crate) fn dollars(microusd: i64) -> String {
    format!("${}", decimal(microusd as f64 / 1_000_000.0, 2))
}

/// Formats amounts below a cent: "$0.0031".
pub(crate) fn fine_dollars(microusd: i64) -> String {
    format!("${}", decimal(microusd as f64 / 1_000_000.0, 4))
}

/// Formats bytes in decimal units: "820 kB", "34 MB", "1.2 GB".
pub(crate) fn bytes(n: i64) -> String {
    match n {
        ..1_000_000 => format!("{} kB", n / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", n / 1_000_000),
        _ => format!("{} GB", decimal(n as f64 / 1e9, 1)),
    }
}

/// Formats a share between 0 and 1: "38%".
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_as_on_a_clock() {
        assert_eq!((length(41), length(1122), length(3731)), ("0:41".into(), "18:42".into(), "1:02:11".into()));
    }

    #[test]
    fn waits_name_their_units() {
        assert_eq!(wait(14), "14 s");
        assert_eq!(wait(380), "6 min 20 s");
        assert_eq!(wait(7_500), "2 h 5 min");
        assert_eq!(wait(259_200), "3 days");
    }

    #[test]
    fn what_a_machine_took_is_told_in_its_own_unit() {
        let told = [400.0, 1_000.0, 312_400.0, 999_700.0, 1_430_000.0].map(quick);
        assert_eq!(told, ["< 1 ms", "1 ms", "312 ms", "1.0 s", "1.4 s"]);
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!((count(7), count(1_312), count(-1_000_000)), ("7".into(), "1,312".into(), "−1,000,000".into()));
        assert_eq!(counted(1, "call", "calls"), "1 call");
    }

    #[test]
    fn numbers_are_written_as_the_viewer_does_it() {
        let german = locale::Locale::find("de-DE").unwrap();
        let told = locale::CURRENT
            .sync_scope(german, || (count(-12_480), dollars(2_069_000), fine_dollars(3_100), quick(1_430_000.0)));
        assert_eq!(told, ("−12.480".into(), "$2,07".into(), "$0,0031".into(), "1,4 s".into()));
        assert_eq!(count(-12_480), "−12,480", "and only while their page is made");
    }

    #[test]
    fn money_and_shares_are_rounded_for_reading() {
        assert_eq!(
            (bytes(820_400), bytes(34_100_000), bytes(1_210_000_000)),
            ("820 kB".into(), "34 MB".into(), "1.2 GB".into())
        );
        assert_eq!((dollars(2_069_000), percent(0.384)), ("$2.07".into(), "38%".into()));
    }
}
