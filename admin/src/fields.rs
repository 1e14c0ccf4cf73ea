//! The fields of a posted form.

use bytes::Bytes;
use storage::student::sheet;

/// Name of the field with the form token.
pub(crate) const CSRF_FIELD: &str = "csrf";

/// Name of the field with the password, if it must be entered again.
pub(crate) const PASSWORD_FIELD: &str = "confirm_password";

/// Name of the field with a second-factor code, if it must be entered again.
pub(crate) const CODE_FIELD: &str = "confirm_code";

/// Name of the field with a passkey, which replaces both.
pub(crate) const PASSKEY_FIELD: &str = "confirm_passkey";

/// The fields of a form, in order. A name may occur more than once.
#[derive(Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl std::fmt::Debug for Fields {
    /// Prints names only: values may be passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Fields {
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(body).into_owned().collect())
    }

    /// Reads a form with a file, which counts as text. `boundary` separates its parts. The error is a sentence for the person.
    pub(crate) async fn parse_parts(body: Bytes, boundary: &str) -> Result<Self, &'static str> {
        let damaged = |_| "The form arrived damaged. Send it again.";
        let body = futures::stream::once(async { Ok::<_, std::convert::Infallible>(body) });
        let mut parts = multer::Multipart::new(body, boundary);
        let mut fields = Vec::new();
        while let Some(part) = parts.next_field().await.map_err(damaged)? {
            let name = part.name().unwrap_or_default().to_owned();
            let file_name = part.file_name().map(str::to_lowercase);
            let is_file = file_name.is_some();
            let bytes = part.bytes().await.map_err(damaged)?;
            if file_name.is_some_and(|file_name| !is_sheet(&file_name, &bytes)) {
                return Err("Choose a CSV file, with a name that ends in .csv, .tsv or .txt.");
            }
            // Spreadsheets save in many encodings. Browsers send typed text in UTF-8.
            let value = if is_file {
                sheet::decode(&bytes).into_owned()
            } else {
                let damaged = |_| "The form is not in UTF-8. Send it again.";
                std::str::from_utf8(&bytes).map_err(damaged)?.to_owned()
            };
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    /// Returns the first value of `name`, trimmed. Empty if there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// Returns the first value of `name` as typed: a password may begin with a space.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// Returns the fields, without those that each form sets itself.
    pub(crate) fn filled_in(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = [CSRF_FIELD, PASSWORD_FIELD, CODE_FIELD, PASSKEY_FIELD];
        self.0.iter().filter(move |(name, _)| !own.contains(&&**name)).map(|(name, value)| (&name[..], &value[..]))
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Returns whether a file is a text table, judged by its name and its first bytes. A browser sends an empty part
/// without a name if no file was chosen.
fn is_sheet(file_name: &str, bytes: &[u8]) -> bool {
    let is_named_so = [".csv", ".tsv", ".txt"].iter().any(|ending| file_name.ends_with(ending));
    // Workbooks are zip archives.
    (is_named_so && !bytes.starts_with(b"PK\x03\x04")) || (file_name.is_empty() && bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_name() {
        let fields = Fields::parse(b"name=+Vapi+&scope=a&scope=b&password=+x");
        assert_eq!(fields.text("name"), "Vapi");
        assert_eq!(fields.all("scope").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((fields.raw("password"), fields.text("none")), (" x", ""));
    }

    #[tokio::test]
    async fn a_form_with_a_sheet_is_read_like_any_other_and_no_other_file_is() {
        let read = async |file_name: &str, value: &str| {
            let disposition = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"");
            let csrf = "--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\ntoken\r\n";
            let body = format!("{csrf}--x\r\n{disposition}\r\n\r\n{value}\r\n--x--\r\n");
            Fields::parse_parts(body.into(), "x").await
        };
        for file_name in ["class.csv", "CLASS.TSV", "class.txt"] {
            let fields = read(file_name, "a,b\n1,2").await.unwrap();
            assert_eq!((fields.text("csrf"), fields.raw("file")), ("token", "a,b\n1,2"));
        }
        assert!(read("", "").await.is_ok(), "no file was chosen");
        for (file_name, value) in
            [("class.xlsx", "a,b"), ("class.html", "<p>"), ("class.csv", "PK\x03\x04 of a workbook"), ("", "a,b")]
        {
            assert!(read(file_name, value).await.is_err(), "{file_name}");
        }
        assert!(Fields::parse_parts("--x\r\nnothing".into(), "x").await.is_err());
    }

    #[test]
    fn values_are_not_printed() {
        assert_eq!(format!("{:?}", Fields::parse(b"password=secret")), r#"["password"]"#);
    }
}
