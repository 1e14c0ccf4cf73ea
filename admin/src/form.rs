//! A posted form of a signed-in person: read only where it carries the token of their login.

use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use storage::admin_login::{self, Confirmed, FRESH};
use storage::db::{self, Db};
use storage::login_throttle::{self, By};
use storage::student::sheet;
use storage::{admin_user, audit, clock, second_factor, secret};

use crate::auth::{Admin, Renewed, SessionCookie};
use crate::ceremony::{self, Purpose};
use crate::fault::{Confirmation, Fault};
use crate::login::with_permit;
use crate::webauthn::RelyingParty;

/// Name of the field with the token.
pub(crate) const CSRF_FIELD: &str = "csrf";

/// Name of the field with the password that is asked for once more.
pub(crate) const PASSWORD_FIELD: &str = "confirm_password";

/// Name of the field with a code of the second factor that is asked for once more.
pub(crate) const CODE_FIELD: &str = "confirm_code";

/// Name of the field with a passkey instead of both.
pub(crate) const PASSKEY_FIELD: &str = "confirm_passkey";

/// The fields of a form, in their order; a name may come more than once.
#[derive(Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl std::fmt::Debug for Fields {
    /// Without the values: passwords are among them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Fields {
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(body).into_owned().collect())
    }

    /// The parts of a form with a file; the file counts as text. `boundary` is what stands between them.
    async fn parse_parts(body: Bytes, boundary: &str) -> Result<Self, Fault> {
        let damaged = |_| Fault::Invalid("The form arrived damaged. Send it once more.".to_owned());
        let body = futures::stream::once(async { Ok::<_, std::convert::Infallible>(body) });
        let mut parts = multer::Multipart::new(body, boundary);
        let mut fields = Vec::new();
        while let Some(part) = parts.next_field().await.map_err(damaged)? {
            let name = part.name().unwrap_or_default().to_owned();
            let file_name = part.file_name().map(str::to_lowercase);
            let is_file = file_name.is_some();
            let bytes = part.bytes().await.map_err(damaged)?;
            if file_name.is_some_and(|file_name| !is_sheet(&file_name, &bytes)) {
                let say = "Choose a file in CSV format, with a name that ends in .csv, .tsv or .txt.";
                return Err(Fault::Invalid(say.to_owned()));
            }
            // Spreadsheets save in many encodings. A browser sends what was typed in UTF-8.
            let value = if is_file {
                sheet::decode(&bytes).into_owned()
            } else {
                let damaged = |_| Fault::Invalid("The form is not in UTF-8. Send it once more.".to_owned());
                std::str::from_utf8(&bytes).map_err(damaged)?.to_owned()
            };
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    /// The first value of `name`, trimmed; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The first value of `name` as typed: a password may begin with a space.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// What was filled in, without what the next form has of its own.
    pub(crate) fn filled_in(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = [CSRF_FIELD, PASSWORD_FIELD, CODE_FIELD, PASSKEY_FIELD];
        self.0.iter().filter(move |(name, _)| !own.contains(&&**name)).map(|(name, value)| (&name[..], &value[..]))
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Whether a file is a table of text, by its name and by how it begins. A browser sends a nameless one if none was chosen.
fn is_sheet(file_name: &str, bytes: &[u8]) -> bool {
    let is_named_so = [".csv", ".tsv", ".txt"].iter().any(|ending| file_name.ends_with(ending));
    // Workbooks are archives.
    (is_named_so && !bytes.starts_with(b"PK\x03\x04")) || (file_name.is_empty() && bytes.is_empty())
}

/// Who posted, and what.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) admin: Admin,
    pub(crate) fields: Fields,
    /// Where the form was sent to.
    path: String,
    /// As the request brought it.
    cookie: SecretString,
    renewed: Renewed,
    relying_party: Option<RelyingParty>,
}

impl Posted {
    /// What names the login: a challenge is bound to it.
    pub(crate) fn cookie(&self) -> SecretString {
        self.renewed.get().unwrap_or_else(|| self.cookie.clone())
    }

    /// The same, as the request brought it: a challenge that was given before is bound to this one.
    pub(crate) fn cookie_before(&self) -> &SecretString {
        &self.cookie
    }

    /// The login has another cookie from now on. Call it when that is stored.
    pub(crate) fn renew(&self, cookie: SecretString) {
        self.renewed.set(cookie);
    }

    /// The hash by which a login is found that a page named so: this one may have another cookie since.
    pub(crate) fn current_hash(&self, login_hash: Vec<u8>) -> Vec<u8> {
        if login_hash == secret::hash(self.cookie.expose_secret()) {
            secret::hash(self.cookie().expose_secret())
        } else {
            login_hash
        }
    }

    /// For what opens doors or cannot be undone: the password was given a moment ago, or comes with this form. If not, the
    /// fault asks for it, and then continues with the same form. A passkey also counts.
    pub(crate) async fn require_fresh(&self, db: &Db) -> Result<(), Fault> {
        self.confirm(db, false).await
    }

    /// For changes of the second factor: who has one has shown it a moment ago, too. The password alone must not take away
    /// what guards against its loss.
    pub(crate) async fn require_factor(&self, db: &Db) -> Result<(), Fault> {
        self.confirm(db, self.admin.has_second_factor()).await
    }

    async fn confirm(&self, db: &Db, needs_factor: bool) -> Result<(), Fault> {
        let (admin, now) = (&self.admin, clock::now());
        let needs_password = now - admin.confirmed_at >= FRESH;
        let needs_code = needs_factor && admin.factor_shown_at.is_none_or(|at| now - at >= FRESH);
        if !needs_password && !needs_code {
            return Ok(());
        }
        let ask = |error| {
            let has_passkey = admin.has_passkey && self.relying_party.is_some();
            let (path, fields) = (self.path.clone(), self.fields.clone());
            Fault::Confirm(Box::new(Confirmation { path, fields, needs_password, needs_code, has_passkey, error }))
        };
        let (password, code) = (self.fields.raw(PASSWORD_FIELD), self.fields.text(CODE_FIELD));
        let answer = self.fields.raw(PASSKEY_FIELD);
        let is_whole = (!needs_password || !password.is_empty()) && (!needs_code || !code.is_empty());
        if (answer.is_empty() && !is_whole) || password.len() > 1024 {
            return Err(ask(None));
        }
        let mut counted = vec![By::Device(&admin.email, self.cookie.expose_secret())];
        if needs_code {
            counted.push(By::Code(admin.admin_user_id));
        }
        let begun = login_throttle::begin(db, &counted, now).await?;
        begun.map_err(|wait_seconds| Fault::TooMany { wait_seconds })?;
        let judged = if answer.is_empty() {
            self.judge_typed(db, needs_password.then_some(password), needs_code.then_some(code)).await?
        } else {
            self.judge_passkey(db, answer).await?
        };
        if let Err((detail, words)) = judged {
            let actor = format!("admin:{}", admin.email);
            audit::insert_attempt(db, &actor, "admin.confirm_failed", &detail, now).await?;
            return Err(ask(Some(words)));
        }
        login_throttle::succeeded(db, &counted).await?;
        let by_passkey = !answer.is_empty();
        let confirmed = Confirmed { by_password: needs_password || by_passkey, by_factor: needs_code || by_passkey };
        self.renew(admin_login::confirm_login(db, &self.cookie(), confirmed, now).await?);
        Ok(())
    }

    async fn judge_typed(&self, db: &Db, password: Option<&str>, code: Option<&str>) -> Result<Judged, Fault> {
        if let Some(password) = password {
            let (_, hash) = admin_user::find_user_by_email(db, &self.admin.email).await?.unzip();
            let password = SecretString::from(password);
            if !with_permit(move || admin_user::verify_password(&password, hash.flatten().as_deref())).await? {
                return Ok(Err((serde_json::json!({}), "The password is wrong.")));
            }
        }
        if let Some(code) = code {
            let mut tx = db::begin(db).await?;
            let shown = second_factor::check(&mut tx, self.admin.admin_user_id, code, clock::now()).await?;
            tx.commit().await.map_err(db::Error::from)?;
            if shown.is_none() {
                return Ok(Err((serde_json::json!({ "by": "code" }), "The code is wrong, or was used before.")));
            }
        }
        Ok(Ok(()))
    }

    async fn judge_passkey(&self, db: &Db, answer: &str) -> Result<Judged, Fault> {
        let party = self.relying_party.as_ref().ok_or(Fault::NotFound("page"))?;
        let (bound, of) = ((Purpose::Confirm, &self.cookie), Some(self.admin.admin_user_id));
        let shown = ceremony::accept(db, party, answer, bound, of, clock::now()).await?;
        Ok(shown
            .map(|_| ())
            .map_err(|refused| (serde_json::json!({ "by": "passkey", "why": refused.to_string() }), refused.words())))
    }
}

/// Nothing, or what is wrong: for the audit log and for the page.
type Judged = Result<(), (serde_json::Value, &'static str)>;

impl<S> FromRequest<S> for Posted
where
    S: Send + Sync,
    Db: FromRef<S>,
    SessionCookie: FromRef<S>,
    Option<RelyingParty>: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let admin = Admin::from_request_parts(&mut parts, state).await?;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let cookie = SessionCookie::from_ref(state).read(&parts.headers).unwrap_or_default();
        let renewed = parts.extensions.get::<Renewed>().cloned().unwrap_or_default();
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = Bytes::from_request(Request::from_parts(parts, body), state)
            .await
            .map_err(|_| Fault::TooLarge.into_response())?;
        let fields = match content_type.and_then(|content_type| multer::parse_boundary(content_type).ok()) {
            Some(boundary) => Fields::parse_parts(body, &boundary).await.map_err(IntoResponse::into_response)?,
            None => Fields::parse(&body),
        };
        let sent = SecretString::from(fields.raw(CSRF_FIELD));
        if secret::matches(&sent, &secret::hash(&admin.csrf_token)) {
            Ok(Self { admin, fields, path, cookie, renewed, relying_party: Option::from_ref(state) })
        } else {
            Err(Fault::Forged.into_response())
        }
    }
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
