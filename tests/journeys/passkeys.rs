//! Passkeys of staff. A software authenticator registers one, signs in with it, and forges what it can.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Response, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use storage::access::Role;
use storage::{admin_user, clock};

use crate::logins::{cookies, insert_admin, post};
use crate::psql::psql;
use crate::service::{ADMIN_EMAIL, ADMIN_PASSWORD, Person, Service};

const ORIGIN: &str = "https://dashboard.example.org";
const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
const HAS_CREDENTIAL: u8 = 64;

/// False statements of the authenticator, or of a hijacked browser.
#[derive(Clone, Copy)]
struct Lie<'a> {
    origin: &'a str,
    kind: Option<&'a str>,
    challenge: Option<&'a str>,
    flags: u8,
    /// Replaces the signature counter.
    count: Option<u32>,
    /// Replaces the owner: `Some("")` names none.
    user_handle: Option<&'a str>,
    is_signature_broken: bool,
}

const HONEST: Lie<'static> = Lie {
    origin: ORIGIN,
    kind: None,
    challenge: None,
    flags: PRESENT | VERIFIED,
    count: None,
    user_handle: None,
    is_signature_broken: false,
};

struct Authenticator {
    pair: EcdsaKeyPair,
    id: [u8; 32],
    user_handle: String,
    count: u32,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Authenticator {
    fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let id = Sha256::digest(pair.public_key().as_ref()).into();
        Self { pair, id, user_handle: String::new(), count: 0 }
    }

    fn client_data(kind: &str, asked: &Value, lie: Lie<'_>) -> Vec<u8> {
        let challenge = lie.challenge.unwrap_or_else(|| asked["challenge"].as_str().unwrap());
        let kind = lie.kind.unwrap_or(kind);
        json!({ "type": kind, "challenge": challenge, "origin": lie.origin, "crossOrigin": false }).to_string().into()
    }

    fn head(&mut self, party: &str, flags: u8, lie: Lie<'_>) -> Vec<u8> {
        self.count += 1;
        let count = lie.count.unwrap_or(self.count).to_be_bytes();
        [&Sha256::digest(party)[..], &[flags], &count].concat()
    }

    /// Creates a passkey, in the format that `passkey.js` sends.
    fn create(&mut self, asked: &Value, lie: Lie<'_>) -> String {
        let asked = &asked["create"];
        assert_eq!(asked["attestation"], "none");
        assert_eq!(asked["authenticatorSelection"]["userVerification"], "required");
        asked["user"]["id"].as_str().unwrap().clone_into(&mut self.user_handle);
        let head = self.head(asked["rp"]["id"].as_str().unwrap(), lie.flags | HAS_CREDENTIAL, lie);
        let data = [&head[..], &[0; 16], &[0, 32], &self.id, &[0xa5]].concat();
        json!({
            "id": encode(self.id), "clientDataJSON": encode(Self::client_data("webauthn.create", asked, lie)),
            "authenticatorData": encode(data), "publicKey": encode(self.pair.public_key().as_der().unwrap().as_ref()),
            "algorithm": -7,
        })
        .to_string()
    }

    fn get(&mut self, asked: &Value, lie: Lie<'_>) -> String {
        let asked = &asked["get"];
        assert_eq!(asked["userVerification"], "required");
        let data = self.head(asked["rpId"].as_str().unwrap(), lie.flags, lie);
        let client_data = Self::client_data("webauthn.get", asked, lie);
        let mut signed = [&data[..], &Sha256::digest(&client_data)].concat();
        if lie.is_signature_broken {
            signed.push(0);
        }
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        let user_handle = match lie.user_handle {
            None => Some(&self.user_handle[..]),
            Some("") => None,
            Some(other) => Some(other),
        };
        json!({
            "id": encode(self.id), "clientDataJSON": encode(client_data), "authenticatorData": encode(data),
            "signature": encode(signature), "userHandle": user_handle,
        })
        .to_string()
    }
}

async fn start() -> Service {
    let settings = [
        ("PUBLIC_URL", "https://tutor.example.org"),
        ("ADMIN_URL", ORIGIN),
        ("VAPI_WEBHOOK_SECRET", "k3J9fQ2mX8vLp0Zr"),
    ];
    Service::start_with(&settings).await
}

async fn asked(response: Response) -> Value {
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

/// Registers a passkey, as the account page does.
async fn register(person: &Person, authenticator: &mut Authenticator, lie: Lie<'_>) -> (StatusCode, String) {
    let to_do = asked(person.post("/account", "/account/passkeys/ask-new", &[]).await).await;
    let made = authenticator.create(&to_do, lie);
    answered(person.post("/account", "/account/passkeys", &[("name", "Laptop"), ("passkey", &made)]).await).await
}

async fn answered(response: Response) -> (StatusCode, String) {
    (response.status(), response.text().await.unwrap())
}

/// Returns a challenge for a browser that is not signed in, and its cookie.
async fn begin(service: &Service) -> (Value, String) {
    let response = post(service, "/login/passkey/start", "", &[]).await;
    let cookie = cookies(&response);
    (asked(response).await, cookie)
}

async fn finish(service: &Service, cookie: &str, answer: &str) -> (StatusCode, String) {
    let response = post(service, "/login/passkey", cookie, &[("passkey", answer), ("next", "/jobs")]).await;
    let is_in = cookies(&response).contains("__Host-sid=sid_");
    assert_eq!(
        is_in,
        response.status() == StatusCode::SEE_OTHER,
        "a session cookie is set only with the redirect after signing in"
    );
    answered(response).await
}

async fn sign_in(service: &Service, authenticator: &mut Authenticator, lie: Lie<'_>) -> (StatusCode, String) {
    let (to_do, cookie) = begin(service).await;
    finish(service, &cookie, &authenticator.get(&to_do, lie)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_signs_in_alone_until_it_is_removed() {
    let service = start().await;
    let of = |sql: &str| psql(&service.database_url, sql);
    let person = service.log_in().await;
    assert!(person.read("/account").await.contains("You have no passkey yet."));
    let page = person.post("/account", "/account/passkeys/new", &[]).await.text().await.unwrap();
    assert!(page.contains(r#"data-passkey="/account/passkeys/ask-new""#), "{page}");
    let mut authenticator = Authenticator::new();
    let (status, page) = register(&person, &mut authenticator, HONEST).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert_eq!(page.matches("<li><code>").count(), 10, "the first second factor brings recovery codes");
    assert!(person.read("/account").await.contains("Laptop"));

    let (to_do, cookie) = begin(&service).await;
    let answer = authenticator.get(&to_do, HONEST);
    let response = post(&service, "/login/passkey", &cookie, &[("passkey", &answer), ("next", "/jobs")]).await;
    assert_eq!(
        (response.status(), &response.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/jobs".parse().unwrap())
    );
    let inside = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = inside.get(format!("{}/account", service.admin_url)).header("cookie", cookies(&response));
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    let written = of("select string_agg(action || ' ' || coalesce(detail->>'by', '-'), ', ' order by at)
        from audit_entries where action like 'admin.%'");
    assert_eq!(written, "admin.login -, admin.passkey_add -, admin.login passkey");
    assert_eq!(of("select last_used_at is not null and sign_count = 2 from admin_passkeys"), "t");

    // The passkey also confirms the person's identity. No other proof is needed.
    of("update admin_logins set confirmed_at = now() - interval '11 minutes', factor_shown_at = null");
    let passkey_id = of("select passkey_id from admin_passkeys");
    let remove = format!("/account/passkeys/{passkey_id}/remove");
    let (status, page) = answered(person.post("/account", &remove, &[]).await).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    for asked in ["confirm_password", "confirm_code", r#"data-passkey="/account/passkeys/ask""#] {
        assert!(page.contains(asked), "{asked}: {page}");
    }
    let (status, _) = answered(person.post("/account", &remove, &[("confirm_password", ADMIN_PASSWORD)]).await).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "the password alone cannot remove a second factor");
    let elsewhere = authenticator.get(&begin(&service).await.0, HONEST);
    let (status, _) = answered(person.post("/account", &remove, &[("confirm_passkey", &elsewhere)]).await).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a challenge of another purpose");
    let to_do = asked(person.post("/account", "/account/passkeys/ask", &[]).await).await;
    let shown = authenticator.get(&to_do, HONEST);
    let (status, page) = answered(person.post("/account", &remove, &[("confirm_passkey", &shown)]).await).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");

    let (status, page) = sign_in(&service, &mut authenticator, HONEST).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "the passkey was removed");
    assert!(page.contains("may have been removed"), "{page}");
    assert_eq!(of("select count(*) from admin_recovery_codes"), "0", "recovery codes end with the last second factor");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_authenticator_did_not_sign_for_this_browser_opens_nothing() {
    let service = start().await;
    let person = service.log_in().await;
    let mut authenticator = Authenticator::new();
    let wrong_origin = Lie { origin: "https://dashboard.example.org.evil.example", ..HONEST };
    let unverified = Lie { flags: PRESENT, ..HONEST };
    let absent = Lie { flags: VERIFIED, ..HONEST };
    let foreign_challenge = encode("pk_that_nobody_gave");
    let foreign = Lie { challenge: Some(&foreign_challenge), ..HONEST };
    let of_sign_in = Lie { kind: Some("webauthn.get"), ..HONEST };
    for (lie, why) in [
        (wrong_origin, "another address"),
        (unverified, "did not check who you are"),
        (absent, "was not accepted"),
        (foreign, "took too long"),
        (of_sign_in, "was not accepted"),
    ] {
        let (status, page) = register(&person, &mut authenticator, lie).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains(why), "{why}: {page}");
    }
    let of = |sql: &str| psql(&service.database_url, sql);
    assert_eq!(of("select count(*) from audit_entries where action = 'admin.passkey_refused'"), "5");
    // An answer works once, and a challenge registers one passkey.
    let to_do = asked(person.post("/account", "/account/passkeys/ask-new", &[]).await).await;
    let made = authenticator.create(&to_do, HONEST);
    for (status, other) in [(StatusCode::OK, &made), (StatusCode::UNPROCESSABLE_ENTITY, &made)] {
        let sent = person.post("/account", "/account/passkeys", &[("name", "Laptop"), ("passkey", other)]).await;
        assert_eq!(sent.status(), status);
    }
    let (status, page) = register(&person, &mut authenticator, HONEST).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("already added"), "{page}");
    assert_eq!(of("select count(*) from admin_passkeys"), "1");

    let foreign_handle = encode(uuid::Uuid::now_v7());
    for (lie, why) in [
        (wrong_origin, "another address"),
        (unverified, "did not check who you are"),
        (absent, "was not accepted"),
        (foreign, "took too long"),
        (Lie { kind: Some("webauthn.create"), ..HONEST }, "was not accepted"),
        (Lie { is_signature_broken: true, ..HONEST }, "was not accepted"),
        (Lie { user_handle: Some(""), ..HONEST }, "does not belong to this account"),
        (Lie { user_handle: Some(&foreign_handle), ..HONEST }, "does not belong to this account"),
        (Lie { count: Some(1), ..HONEST }, "a copy of it seems to exist"),
        (Lie { count: Some(0), ..HONEST }, "a copy of it seems to exist"),
    ] {
        let (status, page) = sign_in(&service, &mut authenticator, lie).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
        assert!(page.contains(why), "{why}: {page}");
    }
    let (status, _) = sign_in(&service, &mut Authenticator::new(), HONEST).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "an authenticator that is not registered");
    let counted = of("select count(*) from audit_entries where detail->>'why' = 'the count went backwards'");
    assert_eq!(counted, "2");

    // A challenge belongs to one browser, and works once.
    let (to_do, own) = begin(&service).await;
    let (_, other) = begin(&service).await;
    let answer = authenticator.get(&to_do, HONEST);
    assert_eq!(finish(&service, &other, &answer).await.0, StatusCode::UNPROCESSABLE_ENTITY, "another browser's");
    assert_eq!(finish(&service, &own, &answer).await.0, StatusCode::UNPROCESSABLE_ENTITY, "the challenge was used up");
    let (to_do, own) = begin(&service).await;
    let answer = authenticator.get(&to_do, HONEST);
    assert_eq!(finish(&service, "", &answer).await.0, StatusCode::UNPROCESSABLE_ENTITY, "without a cookie");
    assert_eq!(finish(&service, &own, &answer).await.0, StatusCode::SEE_OTHER);
    assert_eq!(finish(&service, &own, &answer).await.0, StatusCode::UNPROCESSABLE_ENTITY, "a repeated answer");
    for broken in ["", "{}", "null", "[]", "\u{0}"] {
        let (_, cookie) = begin(&service).await;
        assert_eq!(finish(&service, &cookie, broken).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{broken:?}");
    }
    let (to_do, own) = begin(&service).await;
    of("update admin_challenges set expires_at = now()");
    let late = authenticator.get(&to_do, HONEST);
    assert_eq!(finish(&service, &own, &late).await.0, StatusCode::UNPROCESSABLE_ENTITY, "five minutes are over");
    // A disabled account cannot sign in.
    of("update admin_users set disabled_at = now()");
    assert_eq!(sign_in(&service, &mut authenticator, HONEST).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(of("select count(*) from admin_logins"), "2", "one by the password, one by the passkey");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_password_a_passkey_or_a_recovery_code_is_asked_for() {
    let service = start().await;
    let person = service.log_in().await;
    let mut authenticator = Authenticator::new();
    let (_, page) = register(&person, &mut authenticator, HONEST).await;
    let codes: Vec<String> =
        page.split("<li><code>").skip(1).map(|rest| rest.split('<').next().unwrap().into()).collect();
    // A colleague's passkey is not accepted here.
    let hash = admin_user::hash_password(&SecretString::from(ADMIN_PASSWORD)).unwrap();
    let now = clock::now();
    admin_user::insert_user(&service.db, "bo@example.org", Role::Admin, Some(&hash), None, now).await.unwrap();
    let colleague = Person::log_in(&service.admin_url, "bo@example.org", ADMIN_PASSWORD).await;
    let mut other = Authenticator::new();
    register(&colleague, &mut other, HONEST).await;

    let step = async || {
        let half = post(&service, "/login", "", &[("email", ADMIN_EMAIL), ("password", ADMIN_PASSWORD)]).await;
        assert_eq!(half.status(), StatusCode::OK);
        assert!(!cookies(&half).contains("sid="), "no login yet");
        let page = half.text().await.unwrap();
        assert!(page.contains("Use your passkey") && page.contains("One of your recovery codes."), "{page}");
        page.split(r#"name="step" value=""#).nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let ask = async |step: &str| asked(post(&service, "/login/passkey/start", "", &[("step", step)]).await).await;
    let enter = async |step: &str, field: &str, value: &str| {
        let response = post(&service, "/login/code", "", &[("step", step), (field, value)]).await;
        assert_eq!(cookies(&response).contains("sid="), response.status() == StatusCode::SEE_OTHER);
        answered(response).await
    };
    let half = step().await;
    let to_do = ask(&half).await;
    assert_eq!(to_do["get"]["allowCredentials"][0]["id"], encode(authenticator.id));
    let (status, page) = enter(&half, "passkey", &other.get(&to_do, HONEST)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("does not belong to this account"), "{page}");
    let (status, _) = enter(&half, "passkey", &authenticator.get(&to_do, HONEST)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "the challenge was used up");
    let alone = begin(&service).await.0;
    let (status, _) = enter(&half, "passkey", &authenticator.get(&alone, HONEST)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a challenge to sign in without a password");
    let to_do = ask(&half).await;
    let answer = authenticator.get(&to_do, HONEST);
    assert_eq!(enter(&half, "passkey", &answer).await.0, StatusCode::SEE_OTHER);
    assert_eq!(
        enter(&half, "passkey", &answer).await.0,
        StatusCode::UNPROCESSABLE_ENTITY,
        "a step of the sign-in works once"
    );
    let over = post(&service, "/login/passkey/start", "", &[("step", &half)]).await;
    assert_eq!(over.status(), StatusCode::UNPROCESSABLE_ENTITY);

    let half = step().await;
    assert_eq!(enter(&half, "code", &codes[0]).await.0, StatusCode::SEE_OTHER);
    let half = step().await;
    assert_eq!(enter(&half, "code", &codes[0]).await.0, StatusCode::UNPROCESSABLE_ENTITY, "a recovery code works once");
    let of = |sql: &str| psql(&service.database_url, sql);
    let shown = of("select string_agg(detail->>'second_factor', ' ' order by at) from audit_entries
        where action = 'admin.login' and detail ? 'second_factor'");
    assert_eq!(shown, "passkey recovery_code");

    // A person who lost both factors asks another admin or the operator.
    let (done, said) = crate::processes::operator(&service, &["admin-user", "end-two-step", "--email", ADMIN_EMAIL]);
    assert!(done, "{said}");
    assert_eq!(of("select count(*) from admin_passkeys"), "1", "the colleague's stays");
    let again = post(&service, "/login", "", &[("email", ADMIN_EMAIL), ("password", ADMIN_PASSWORD)]).await;
    assert_eq!(again.status(), StatusCode::SEE_OTHER);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_name_as_address_there_are_no_passkeys_and_pages_say_so() {
    let service = Service::start().await;
    insert_admin(&service).await;
    let person = Person::log_in(&service.admin_url, ADMIN_EMAIL, ADMIN_PASSWORD).await;
    let page = person.read("/account").await;
    assert!(page.contains("Passkeys need a domain name as the address") && !page.contains("Add a passkey"), "{page}");
    let start = post(&service, "/login/passkey/start", "", &[]).await;
    assert_eq!(start.status(), StatusCode::NOT_FOUND);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_may_ask_everybody_for_a_second_factor() {
    let service = start().await;
    let admin = service.log_in().await;
    let hash = admin_user::hash_password(&SecretString::from(ADMIN_PASSWORD)).unwrap();
    let now = clock::now();
    admin_user::insert_user(&service.db, "bo@example.org", Role::Tutor, Some(&hash), None, now).await.unwrap();
    let tutor = Person::log_in(&service.admin_url, "bo@example.org", ADMIN_PASSWORD).await;
    assert_eq!(tutor.open("/students").await.status(), StatusCode::OK);
    let fields = [("what", "second-factor"), ("required", "yes")];
    admin.submit_to("/settings/organisation", "/settings/organisation", &fields).await;

    // From now on no other page is available, both for existing and for new logins.
    let fresh = Person::log_in(&service.admin_url, "bo@example.org", ADMIN_PASSWORD).await;
    for person in [&admin, &tutor, &fresh] {
        for path in ["/", "/students", "/account", "/settings/organisation", "/students/export.csv", "/nowhere"] {
            let response = person.open(path).await;
            if path == "/nowhere" {
                assert_eq!(response.status(), StatusCode::NOT_FOUND);
                assert!(
                    !response.text().await.unwrap().contains("<nav"),
                    "a page that does not exist shows no navigation"
                );
                continue;
            }
            assert_eq!(response.status(), StatusCode::SEE_OTHER, "{path}");
            assert_eq!(response.headers()["location"], "/account/second-factor", "{path}");
        }
        let news = person.open("/events/overview?once=true").await;
        assert_eq!(news.status(), StatusCode::NO_CONTENT, "the event stream is closed");
        let piece = person.open_with("/students?q=a", Some(("hx-request", "true"))).await;
        assert_eq!((piece.status(), piece.text().await.unwrap()), (StatusCode::UNAUTHORIZED, String::new()));
        let page = person.read("/account/second-factor").await;
        assert!(page.contains("Your organisation requires a second factor") && !page.contains("<nav"), "{page}");
    }
    let written = fresh.post("/account/second-factor", "/account", &[("theme", "dark")]).await;
    assert_eq!(written.headers()["location"], "/account/second-factor", "settings cannot be changed");

    // The second factor can be an app or a passkey.
    let offer = fresh.post("/account/second-factor", "/account/two-step/start", &[]).await.text().await.unwrap();
    let key = offer.split("Key: <code>").nth(1).unwrap().split('<').next().unwrap();
    let key = totp_rs::Secret::try_from_base32(key).unwrap();
    let app = totp_rs::Builder::new().with_secret(key).build().unwrap();
    let code = app.generate(clock::now().timestamp().unsigned_abs()).to_string();
    let on = fresh.post("/account/second-factor", "/account/two-step/confirm", &[("code", &code)]).await;
    assert_eq!(on.status(), StatusCode::OK);
    assert_eq!(fresh.open("/students").await.status(), StatusCode::OK);
    assert_eq!(tutor.open("/students").await.status(), StatusCode::OK, "the second factor applies to all their logins");
    let to_do = asked(admin.post("/account/second-factor", "/account/passkeys/ask-new", &[]).await).await;
    let made = Authenticator::new().create(&to_do, HONEST);
    let fields = [("name", "Key"), ("passkey", &made[..])];
    let added = admin.post("/account/second-factor", "/account/passkeys", &fields).await;
    assert_eq!(added.status(), StatusCode::OK);
    assert_eq!(admin.open("/students").await.status(), StatusCode::OK);
    let detail = psql(
        &service.database_url,
        "select detail->>'requires_second_factor' from audit_entries where action = 'organisation.update'",
    );
    assert_eq!(detail, "true");
    service.stop().await;
}
