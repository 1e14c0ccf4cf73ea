//! Programs that people connect as their agents, such as Claude: their names, and where they let a browser return to.
//!
//! **Invariant:** nothing a program says of itself is verified, so a row here gives no right at all. A person does, by an
//! [`agent_grant`](crate::agent_grant).

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use crate::db::{Executor, Result};
use domain::network::is_loopback_name;

/// The limit of unused programs. More registrations are refused until old ones are deleted.
pub const MAX_UNUSED: i64 = 5_000;
/// A program without a connection is deleted after this time.
const UNUSED_FOR: TimeDelta = TimeDelta::days(1);

const MAX_NAME_CHARS: usize = 80;
const MAX_REDIRECT_URIS: usize = 10;
const MAX_URI_BYTES: usize = 500;

/// One row of `agents`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    pub client_id: String,
    pub name: String,
    pub redirect_uris: Vec<String>,
}

/// What a program says of itself, checked for its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    pub name: String,
    pub redirect_uris: Vec<String>,
}

impl Described {
    /// Checks a name and addresses. `Err`: what is wrong, by the names of RFC 7591.
    pub fn check(name: Option<&str>, redirect_uris: &[String]) -> Result<Self, Wrong> {
        if redirect_uris.is_empty() || redirect_uris.len() > MAX_REDIRECT_URIS {
            return Err(Wrong::RedirectUri(
                "redirect_uris has 1 to 10 addresses, such as [\"https://agent.example/callback\"]",
            ));
        }
        if !redirect_uris.iter().all(|uri| is_redirect_uri(uri)) {
            return Err(Wrong::RedirectUri(
                "a redirect URI is https://, or http:// to localhost, 127.0.0.1 or [::1]; without fragment and user, and with \
                 at most 500 characters",
            ));
        }
        let name = shown(name.unwrap_or_default());
        let name = if name.is_empty() { host(&redirect_uris[0]) } else { name };
        if name.chars().count() > MAX_NAME_CHARS {
            return Err(Wrong::Metadata("client_name has at most 80 characters"));
        }
        Ok(Self { name, redirect_uris: redirect_uris.to_vec() })
    }
}

/// What is wrong with what a program says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    RedirectUri(&'static str),
    Metadata(&'static str),
}

/// The name without what a browser does not show: control characters, and those that turn the direction of text.
fn shown(name: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let visible: String = name.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a program may have the browser sent there.
fn is_redirect_uri(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let is_safe = match url.scheme() {
        "https" => url.has_host(),
        "http" => url.host_str().is_some_and(is_loopback_name),
        _ => false,
    };
    let is_plain = text.len() <= MAX_URI_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_safe && is_plain && url.fragment().is_none() && url.username().is_empty() && url.password().is_none()
}

/// The host of a redirect URI, with its port: all of it that a person can judge.
pub fn host(redirect_uri: &str) -> String {
    let url = Url::parse(redirect_uri).ok();
    url.map(|url| url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()).unwrap_or_default()
}

impl Agent {
    /// Whether the program registered that redirect URI: letter for letter. On this machine the port may be any, because a
    /// program on a laptop takes a free one (RFC 8252, section 7.3).
    pub fn allows(&self, redirect_uri: &str) -> bool {
        let without_port = |text: &str| {
            let mut url = Url::parse(text)
                .ok()
                .filter(|url| url.scheme() == "http" && url.host_str().is_some_and(is_loopback_name))?;
            url.set_port(None).ok()?;
            Some(url)
        };
        is_redirect_uri(redirect_uri)
            && self.redirect_uris.iter().any(|known| {
                known == redirect_uri
                    || without_port(known).is_some_and(|known| Some(known) == without_port(redirect_uri))
            })
    }
}

/// Registers a program under a new id. Returns `None` if too many programs are unused.
pub async fn register(db: impl Executor<'_>, described: &Described, now: DateTime<Utc>) -> Result<Option<Agent>> {
    let client_id = format!("agent_{}", uuid::Uuid::now_v7().simple());
    let n = sqlx::query!(
        "insert into agents (client_id, name, redirect_uris, created_at)
         select $1, $2, $3, $4
         where (select count(*) from agents a where not exists (
                    select from agent_grants g where g.client_id = a.client_id)) < $5",
        client_id,
        described.name,
        &described.redirect_uris,
        now,
        MAX_UNUSED,
    )
    .execute(db)
    .await?
    .rows_affected();
    let Described { name, redirect_uris } = described.clone();
    Ok((n > 0).then_some(Agent { client_id, name, redirect_uris }))
}

/// Keeps what a program publishes of itself at the address that is its id.
pub async fn upsert_published(db: impl Executor<'_>, agent: &Agent, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into agents (client_id, name, redirect_uris, created_at) values ($1, $2, $3, $4)
         on conflict (client_id) do update set name = excluded.name, redirect_uris = excluded.redirect_uris",
        agent.client_id,
        agent.name,
        &agent.redirect_uris,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The program of that id.
pub async fn find_agent(db: impl Executor<'_>, client_id: &str) -> Result<Option<Agent>> {
    Ok(sqlx::query_as!(Agent, "select client_id, name, redirect_uris from agents where client_id = $1", client_id)
        .fetch_optional(db)
        .await?)
}

/// Deletes programs without a connection. Returns their number.
pub(crate) async fn delete_unused(db: impl Executor<'_>, limit: i64, now: DateTime<Utc>) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from agents where client_id in (
             select client_id from agents a
             where created_at < $1 and not exists (select from agent_grants g where g.client_id = a.client_id)
             order by created_at limit $2 for update skip locked)",
        now - UNUSED_FOR,
        limit,
    );
    Ok(deleted.execute(db).await?.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: Option<&str>, uris: &[&str]) -> Result<Described, Wrong> {
        Described::check(name, &uris.iter().map(|uri| (*uri).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_browser_is_sent_over_https_or_to_its_own_machine() {
        for good in [
            "https://claude.ai/api/mcp/auth_callback",
            "https://agent.example/back?of=1",
            "http://localhost:33418/callback",
            "http://127.0.0.1/",
            "http://[::1]:8000/x",
        ] {
            assert!(is_redirect_uri(good), "{good}");
        }
        let long = format!("https://agent.example/{}", "x".repeat(500));
        for evil in [
            "",
            "/back",
            "http://agent.example/back",
            "http://127.0.0.1.evil.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "cursor://callback",
            "https://agent.example/#x",
            "https://user@agent.example/",
            "https://agent.example/ x",
            "https://agent.example/\u{e9}",
            &long,
        ] {
            assert!(!is_redirect_uri(evil), "{evil}");
        }
    }

    #[test]
    fn a_redirect_uri_matches_letter_for_letter_but_for_the_port_of_a_laptop() {
        let agent = |uri: &str| Agent { client_id: "a".into(), name: "A".into(), redirect_uris: vec![uri.to_owned()] };
        let web = agent("https://agent.example/back");
        assert!(web.allows("https://agent.example/back"));
        for evil in [
            "https://agent.example/back/",
            "https://agent.example/back?x=1",
            "https://agent.example:8443/back",
            "https://agent.example/BACK",
            "https://AGENT.example/back",
            "https://agent.example/a/../back",
            "https://agent.example.evil.example/back",
            "http://agent.example/back",
        ] {
            assert!(!web.allows(evil), "{evil}");
        }
        let laptop = agent("http://127.0.0.1:1/back");
        assert!(laptop.allows("http://127.0.0.1:43999/back") && laptop.allows("http://127.0.0.1/back"));
        assert!(!laptop.allows("http://127.0.0.1:43999/other") && !laptop.allows("http://localhost:1/back"));
        assert!(!laptop.allows("https://127.0.0.1:1/back"));
    }

    #[test]
    fn a_name_cannot_hide_or_turn_its_letters() {
        let uri = "https://agent.example/back";
        let name = |text: &str| check(Some(text), &[uri]).map(|described| described.name);
        assert_eq!(name(" Claude \n\u{202e}edualC\u{200b} "), Ok("Claude edualC".to_owned()));
        assert_eq!(name("\u{200b}"), Ok("agent.example".to_owned()));
        assert_eq!(check(None, &["http://localhost:8000/x"]).unwrap().name, "localhost:8000");
        assert!(matches!(name(&"x".repeat(81)), Err(Wrong::Metadata(_))));
        assert!(matches!(check(None, &[]), Err(Wrong::RedirectUri(_))));
        assert!(matches!(check(None, &[uri; 11]), Err(Wrong::RedirectUri(_))));
    }
}
