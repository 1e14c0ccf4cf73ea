//! How a program gets its token: with a secret, or with an assertion signed by its private key.

use std::path::{Path, PathBuf};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use mcp_server::auth::signing_key::SigningKey;
use reqwest::StatusCode;
use serde_json::{Value, json};
use storage::clock;

use crate::clients::{hear_program, script};
use crate::processes::{JWT_PRIVATE_KEY, JWT_PRIVATE_KEY_TWO, operator};
use crate::service::Service;
use crate::with_node::node;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Keys in the format that openssl writes and the SDKs read. For tests only.
const P_256_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgX+cL13abKZ6Ifwxj\n\
    Da78Jffz/NjQhFJL8uz3uKqIkhyhRANCAASA3xi/ygVDijAcSfhcF5sByT6t+GhV\n\
    Tzz5y+VkMOSCb5Zzqz4SqkLW1U/IlLRv1FzToDIYy6EuvWmJxbO+L4c2\n\
    -----END PRIVATE KEY-----\n";
const P_256_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEgN8Yv8oFQ4owHEn4XBebAck+rfho\n\
    VU88+cvlZDDkgm+Wc6s+EqpC1tVPyJS0b9Rc06AyGMuhLr1picWzvi+HNg==\n\
    -----END PUBLIC KEY-----\n";

fn pem(private: &str) -> String {
    private.replace("\\n", "\n")
}

/// Writes the public key into a file.
fn public_key(name: &str, private: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("{name}-{}.jwk", std::process::id()));
    std::fs::write(&path, SigningKey::from_pem(&pem(private).into()).unwrap().jwk().to_string()).unwrap();
    path
}

/// Returns the claims of an assertion that is valid for the next minute.
fn claims(service: &Service, client_id: &str, jti: &str) -> Value {
    let exp = clock::now().timestamp() + 60;
    json!({ "iss": client_id, "sub": client_id, "aud": service.server_url, "exp": exp, "jti": jti })
}

async fn ask(service: &Service, claims: &Value, private: &str) -> (StatusCode, Value) {
    let key = EncodingKey::from_ed_pem(pem(private).as_bytes()).unwrap();
    let assertion = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), claims, &key).unwrap();
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("grant_type", "client_credentials"), ("client_assertion_type", TYPE)])
        .extend_pairs([("client_assertion", &assertion[..]), ("scope", "context:read")])
        .finish();
    let request = service.http.post(format!("{}/auth/token", service.server_url));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

fn make_client(service: &Service, key: &Path) -> Value {
    let key = key.to_str().unwrap();
    let words = ["api-client", "create", "--name", "app", "--scope", "context:read", "--public-key", key];
    let (is_good, said) = operator(service, &words);
    assert!(is_good, "{said}");
    serde_json::from_str(&said).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_signs_needs_no_secret_and_is_believed_once() {
    let service = Service::start().await;
    let (first, second) = (public_key("first", JWT_PRIVATE_KEY), public_key("second", JWT_PRIVATE_KEY_TWO));
    let made = make_client(&service, &first);
    assert!(made.get("client_secret").is_none(), "{made}");
    let client_id = made["client_id"].as_str().unwrap();

    let good = claims(&service, client_id, "1");
    let (status, answer) = ask(&service, &good, JWT_PRIVATE_KEY).await;
    assert_eq!((status, &answer["scope"]), (StatusCode::OK, &json!("context:read")), "{answer}");
    let sessions = service.http.get(format!("{}/api/v1/sessions", service.server_url));
    let sessions = sessions.bearer_auth(answer["access_token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(sessions.status(), StatusCode::FORBIDDEN, "the client is known, but the scope is not allowed");

    let (status, answer) = ask(&service, &good, JWT_PRIVATE_KEY).await;
    assert_eq!((status, &answer["error"]), (StatusCode::UNAUTHORIZED, &json!("invalid_client")));
    assert!(answer["error_description"].as_str().unwrap().contains("shown before"), "{answer}");
    let (status, answer) = ask(&service, &claims(&service, client_id, "2"), JWT_PRIVATE_KEY_TWO).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "signed by a stranger: {answer}");
    let mut for_another = claims(&service, client_id, "3");
    for_another["aud"] = "https://tutor.example".into();
    let (status, answer) = ask(&service, &for_another, JWT_PRIVATE_KEY).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(answer["error_description"].as_str().unwrap().contains("aud"), "{answer}");

    let words = ["api-client", "set-key", "--client-id", client_id, "--public-key", second.to_str().unwrap()];
    let (is_good, said) = operator(&service, &words);
    assert!(is_good, "{said}");
    assert_eq!(ask(&service, &claims(&service, client_id, "4"), JWT_PRIVATE_KEY).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&service, &claims(&service, client_id, "5"), JWT_PRIVATE_KEY_TWO).await.0, StatusCode::OK);

    let private = std::env::temp_dir().join(format!("private-{}.pem", std::process::id()));
    std::fs::write(&private, pem(JWT_PRIVATE_KEY)).unwrap();
    let words = ["api-client", "set-key", "--client-id", client_id, "--public-key", private.to_str().unwrap()];
    let (is_good, said) = operator(&service, &words);
    assert!(!is_good && said.contains("holds a private key"), "{said}");
    for file in [first, second, private] {
        std::fs::remove_file(file).unwrap();
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node: run ./dev test"]
async fn with_node_the_typescript_sdks_find_their_way_to_a_token_by_secret_and_by_key() {
    let service = Service::start().await;
    let key = std::env::temp_dir().join(format!("sdk-{}.pem", std::process::id()));
    std::fs::write(&key, P_256_PUBLIC).unwrap();
    let signing = make_client(&service, &key);
    let (is_good, said) = operator(&service, &["api-client", "create", "--name", "app", "--scope", "context:read"]);
    assert!(is_good, "{said}");
    let secret: Value = serde_json::from_str(&said).unwrap();
    let (node, script) = (node(), script("typescript.mjs"));
    for version in ["1", "2"] {
        for sign_in in [
            json!({ "clientId": secret["client_id"], "clientSecret": secret["client_secret"] }),
            json!({ "clientId": signing["client_id"], "privateKey": P_256_PRIVATE, "algorithm": "ES256" }),
        ] {
            let url = format!("{}/mcp", service.server_url);
            let order = json!({ "url": url, "headers": {}, "calls": {}, "signIn": sign_in });
            let arguments = [script.to_str().unwrap(), version, "legacy"].map(str::to_owned);
            let heard = hear_program(&node, &arguments, &order).await;
            assert_eq!(heard["error"], Value::Null, "{version}: {heard}");
            let tools = heard["tools"].as_array().unwrap();
            assert!(tools.contains(&json!("get_student_context")) && tools.len() < 12, "{version}: {heard}");
        }
    }
    std::fs::remove_file(key).unwrap();
    service.stop().await;
}
