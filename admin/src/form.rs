//! A posted form of a signed-in person: read only where it carries the token of their login.

use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use secrecy::SecretString;
use shared::db::Db;
use shared::secret;

use crate::auth::{Admin, SessionCookie};
use crate::fault::Fault;

/// Name of the field with the token.
pub(crate) const CSRF_FIELD: &str = "csrf";

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

    /// The first value of `name`, trimmed; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The first value of `name` as typed: a password may begin with a space.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Who posted, and what.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) admin: Admin,
    pub(crate) fields: Fields,
}

impl<S> FromRequest<S> for Posted
where
    S: Send + Sync,
    Db: FromRef<S>,
    SessionCookie: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let admin = Admin::from_request_parts(&mut parts, state).await?;
        let body = Bytes::from_request(Request::from_parts(parts, body), state)
            .await
            .map_err(|_| Fault::Invalid("The form is too large.".to_owned()).into_response())?;
        let fields = Fields::parse(&body);
        let sent = SecretString::from(fields.raw(CSRF_FIELD));
        if secret::matches(&sent, &secret::hash(&admin.csrf_token)) {
            Ok(Self { admin, fields })
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

    #[test]
    fn values_are_not_printed() {
        assert_eq!(format!("{:?}", Fields::parse(b"password=secret")), r#"["password"]"#);
    }
}
