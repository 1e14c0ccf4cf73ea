//! Links with a query string. Empty fields are left out, so one view has one address.

use url::form_urlencoded::Serializer;

pub(crate) fn to(path: &str, fields: &[(&str, &str)]) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(fields.iter().filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_fields_are_left_out_and_the_rest_is_escaped() {
        assert_eq!(to("/sessions", &[("q", "a&b c"), ("status", "")]), "/sessions?q=a%26b+c");
        assert_eq!(to("/sessions", &[("q", "")]), "/sessions");
    }
}
