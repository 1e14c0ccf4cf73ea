//! Cookies: read by name, set, and delete.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

pub(crate) const A_YEAR_SECONDS: u32 = 31_536_000;

/// Returns the value of the cookie `name` if the browser sent exactly one.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| value);
    let value = values.next()?;
    // If there are two, a neighbouring host set one of them. Neither is trusted.
    if values.next().is_some() { None } else { Some(value) }
}

/// Returns the name of a preference's cookie. Over HTTPS the prefix binds it to this host.
fn preference_name(name: &str, is_secure: bool) -> String {
    if is_secure { format!("__Host-{name}") } else { name.to_owned() }
}

/// Returns the value of a preference. A cookie without the prefix, set by an earlier release, counts until the next change.
pub(crate) fn preference<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    read(headers, &preference_name(name, true)).or_else(|| read(headers, name))
}

/// A `Set-Cookie` for a preference.
pub(crate) fn set_preference(name: &str, value: &str, max_age_seconds: u32, is_secure: bool) -> HeaderValue {
    set(&preference_name(name, is_secure), value, Some(max_age_seconds), is_secure)
}

/// Returns a `Set-Cookie` for `value`, which must hold cookie characters only. Without `max_age_seconds` it is a
/// session cookie.
pub(crate) fn set(name: &str, value: &str, max_age_seconds: Option<u32>, is_secure: bool) -> HeaderValue {
    let max_age = max_age_seconds.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
    let secure = if is_secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{max_age}"))
        .unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Returns a `Set-Cookie` that deletes `name`.
pub(crate) fn forget(name: &str, is_secure: bool) -> HeaderValue {
    set(name, "", Some(0), is_secure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(cookie))])
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let headers = headers("xsid=1; sid=two; sid2=3");
        assert_eq!(read(&headers, "sid"), Some("two"));
        assert_eq!(read(&headers, "si"), None);
    }

    #[test]
    fn two_cookies_of_one_name_are_none() {
        assert_eq!(read(&headers("sid=mine; sid=planted"), "sid"), None);
    }

    #[test]
    fn a_preference_is_bound_to_the_host_where_there_is_https() {
        assert!(set_preference("theme", "dark", 60, true).to_str().unwrap().starts_with("__Host-theme=dark; Path=/;"));
        assert!(set_preference("theme", "dark", 60, false).to_str().unwrap().starts_with("theme=dark;"));
        assert_eq!(preference(&headers("theme=light; __Host-theme=dark"), "theme"), Some("dark"));
        assert_eq!(preference(&headers("theme=light"), "theme"), Some("light"));
    }

    #[test]
    fn a_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let header = set("sid", "abc", None, true);
        assert_eq!(header, "sid=abc; Path=/; HttpOnly; SameSite=Lax; Secure");
    }
}
