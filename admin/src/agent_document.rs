//! Client ID Metadata Documents: the metadata that an agent's program publishes at the `https://` address that is its
//! client id.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use serde::Deserialize;
use storage::agent::{Agent, Described, Wrong};
use url::Url;
use web::http::{PublicNames, is_public_url};

const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 16 * 1024;
const MAX_URL_BYTES: usize = 500;

/// Why no document could be read, worded for the person who connects the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoDocument {
    /// The address must not be fetched.
    Address,
    /// The host did not answer, or the answer is not a document.
    Away,
    /// The document does not meet the requirements.
    Unfit,
}

impl NoDocument {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Address => {
                "The program's client id is an address that this service must not fetch. It must be https://, public, and \
                 have a path."
            }
            Self::Away => "The program's metadata cannot be fetched. Try again in a minute.",
            Self::Unfit => "The program's metadata is not valid. Ask the maker of the program.",
        }
    }
}

/// The members of the document that we use.
#[derive(Deserialize)]
struct Document {
    client_id: String,
    client_name: Option<String>,
    redirect_uris: Vec<String>,
    token_endpoint_auth_method: Option<String>,
}

/// Fetches such documents. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Documents(reqwest::Client);

impl Documents {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            // A proxy would resolve names itself, without our check of the addresses.
            .no_proxy()
            .redirect(Policy::none())
            .dns_resolver(Arc::new(PublicNames))
            .user_agent(concat!("ai-tutor/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self(client))
    }

    /// Fetches the metadata of the program whose client id is `client_id`.
    pub(crate) async fn fetch(&self, client_id: &str) -> Result<Agent, NoDocument> {
        let url = address(client_id).ok_or(NoDocument::Address)?;
        read(&fetch(&self.0, url).await?, client_id)
    }
}

/// Returns whether a client id is the address of a document.
pub(crate) fn is_address(client_id: &str) -> bool {
    client_id.starts_with("https://")
}

/// Returns the address in normal form, so that one program has one id. `None`: it must not be fetched.
fn address(client_id: &str) -> Option<Url> {
    let url = Url::parse(client_id).ok()?;
    let is_plain = client_id.len() <= MAX_URL_BYTES && url.as_str() == client_id;
    (is_plain && is_public_url(&url) && url.path() != "/" && url.fragment().is_none()).then_some(url)
}

async fn fetch(client: &reqwest::Client, url: Url) -> Result<Vec<u8>, NoDocument> {
    let away = |error: reqwest::Error| {
        tracing::info!(error = %error.without_url(), "the metadata of a program could not be fetched");
        NoDocument::Away
    };
    let mut answer = client.get(url).header(http::header::ACCEPT, "application/json").send().await.map_err(away)?;
    if answer.status() != http::StatusCode::OK {
        return Err(NoDocument::Away);
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(away)? {
        body.extend_from_slice(&piece);
        if body.len() > MAX_BYTES {
            return Err(NoDocument::Unfit);
        }
    }
    Ok(body)
}

fn read(body: &[u8], client_id: &str) -> Result<Agent, NoDocument> {
    let document: Document = serde_json::from_slice(body).map_err(|_| NoDocument::Unfit)?;
    let is_public_client = document.token_endpoint_auth_method.is_none_or(|method| method == "none");
    if document.client_id != client_id || !is_public_client {
        return Err(NoDocument::Unfit);
    }
    let described = Described::check(document.client_name.as_deref(), &document.redirect_uris);
    let Described { name, redirect_uris } = described.map_err(|_: Wrong| NoDocument::Unfit)?;
    Ok(Agent { client_id: client_id.to_owned(), name, redirect_uris })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use serde_json::json;

    use super::*;

    const ID: &str = "https://agent.example/client.json";

    #[test]
    fn only_public_addresses_with_a_path_are_fetched() {
        assert!(address(ID).is_some());
        for evil in [
            "https://agent.example",
            "https://agent.example/",
            "http://agent.example/client.json",
            "https://agent.example/client.json#x",
            "https://user@agent.example/client.json",
            "https://agent.example/a/../client.json",
            "https://AGENT.example/client.json",
            "https://localhost/client.json",
            "https://127.0.0.1/client.json",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/client.json",
            "https://intranet/client.json",
        ] {
            assert!(address(evil).is_none(), "{evil}");
        }
    }

    #[test]
    fn a_document_speaks_for_its_own_address_alone() {
        let document = |client_id: &str, method: &str, uri: &str| {
            let document = json!({
                "client_id": client_id, "client_name": "Agent", "redirect_uris": [uri], "token_endpoint_auth_method": method,
            });
            read(document.to_string().as_bytes(), ID)
        };
        let uri = "https://agent.example/back";
        assert_eq!(document(ID, "none", uri).unwrap().redirect_uris, [uri]);
        assert_eq!(document("https://other.example/x", "none", uri), Err(NoDocument::Unfit));
        assert_eq!(document(ID, "client_secret_basic", uri), Err(NoDocument::Unfit));
        assert_eq!(document(ID, "none", "http://agent.example/back"), Err(NoDocument::Unfit));
        assert_eq!(read(b"{}", ID), Err(NoDocument::Unfit));
    }

    /// Serves one answer on this machine.
    fn serve(answer: String) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/client.json", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        });
        Url::parse(&url).unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_short_and_leads_nowhere_else() {
        let client = Documents::new().unwrap().0;
        let answer = |status: &str, header: &str, body: &str| {
            format!("HTTP/1.1 {status}\r\n{header}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        };
        assert_eq!(fetch(&client, serve(answer("200 OK", "", "{}"))).await, Ok(b"{}".to_vec()));
        let long = "x".repeat(MAX_BYTES + 1);
        assert_eq!(fetch(&client, serve(answer("200 OK", "", &long))).await, Err(NoDocument::Unfit));
        let elsewhere = answer("302 Found", "location: http://127.0.0.1:1/\r\n", "");
        assert_eq!(fetch(&client, serve(elsewhere)).await, Err(NoDocument::Away));
        // Names may resolve to public addresses only.
        let inside = Url::parse("https://localhost.localdomain/client.json").unwrap();
        assert_eq!(fetch(&client, inside).await, Err(NoDocument::Away));
    }
}
