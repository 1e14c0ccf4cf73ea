//! Signing in at the dashboard: password guesses, second factors, known browsers, and the limits of a password alone.

use reqwest::{Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use storage::access::Role;
use storage::{admin_user, clock, second_factor};
use totp_rs::{Builder, Secret};

use crate::psql::psql;
use crate::service::{ADMIN_EMAIL, ADMIN_PASSWORD, Person, Service, client};

/// Posts a form as a browser that is not signed in.
pub async fn post(service: &Service, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Response {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = http.post(format!("{}{path}", service.admin_url)).header("cookie", cookie).body(body);
    request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap()
}

async fn log_in(service: &Service, cookie: &str, password: &str) -> Response {
    post(service, "/login", cookie, &[("email", ADMIN_EMAIL), ("password", password)]).await
}

pub fn cookies(response: &Response) -> String {
    let set = response.headers().get_all("set-cookie").iter();
    let pairs = set.filter_map(|value| value.to_str().ok()?.split(';').next().map(str::to_owned));
    pairs.collect::<Vec<_>>().join("; ")
}

pub async fn insert_admin(service: &Service) {
    let hash = admin_user::hash_password(&SecretString::from(ADMIN_PASSWORD)).unwrap();
    admin_user::insert_user(&service.db, ADMIN_EMAIL, Role::Admin, Some(&hash), None, clock::now()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_is_slowed_down_and_the_owners_browser_is_not() {
    let service = Service::start().await;
    insert_admin(&service).await;
    let first = log_in(&service, "", ADMIN_PASSWORD).await;
    assert_eq!(first.status(), StatusCode::SEE_OTHER);
    let cookie = cookies(&first);
    let device = cookie.split("; ").find(|pair| pair.starts_with("device=")).expect("the browser is remembered");

    let mut n_refused = 0;
    for n in 0..20 {
        let guess = log_in(&service, "", &format!("a wrong password {n}")).await;
        assert!(guess.status() != StatusCode::SEE_OTHER);
        n_refused += usize::from(guess.status() == StatusCode::TOO_MANY_REQUESTS);
        // Without the other cookies: the owner signed out and returned.
        assert_eq!(log_in(&service, device, ADMIN_PASSWORD).await.status(), StatusCode::SEE_OTHER, "the owner, {n}");
    }
    assert!(n_refused > 0, "guesses are slowed down");
    // However many attempts are slowed down, the log has one entry per minute.
    let slowed = "select count(*) between 1 and 4 from audit_entries
        where action = 'admin.throttled' and actor = 'stranger' and object = 'route:POST /login'";
    assert_eq!(psql(&service.database_url, slowed), "t");
    let entries =
        psql(&service.database_url, "select count(*) > 3 from audit_entries where action = 'admin.login_failed'");
    assert_eq!(entries, "t");
    // Attempts are counted in the database, and only by a hash of what was typed.
    let kept = psql(&service.database_url, "select count(*) from login_failures where length(key_hash) <> 32");
    assert_eq!(kept, "0");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_two_steps_a_password_alone_opens_nothing() {
    let service = Service::start().await;
    insert_admin(&service).await;
    let person = Person::log_in(&service.admin_url, ADMIN_EMAIL, ADMIN_PASSWORD).await;
    let offer = person.post("/account", "/account/two-step/start", &[]).await.text().await.unwrap();
    let key = offer.split("Key: <code>").nth(1).unwrap().split('<').next().unwrap();
    let app = Builder::new().with_secret(Secret::try_from_base32(key).unwrap()).build().unwrap();
    let code = |at: i64| app.generate(at.unsigned_abs()).to_string();
    let now = clock::now().timestamp();
    let wrong = person.post("/account", "/account/two-step/confirm", &[("code", &code(now - 86_400))]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let on = person.post("/account", "/account/two-step/confirm", &[("code", &code(now))]).await;
    assert_eq!(on.status(), StatusCode::OK);
    let page = on.text().await.unwrap();
    let recovery: Vec<&str> = page.split("<li><code>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    assert_eq!(recovery.len(), 10);

    let step = async || {
        let half = log_in(&service, "", ADMIN_PASSWORD).await;
        assert_eq!(half.status(), StatusCode::OK);
        assert!(!cookies(&half).contains("sid="), "no login yet");
        let page = half.text().await.unwrap();
        page.split(r#"name="step" value=""#).nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let half = step().await;
    let enter =
        async |step: &str, code: &str| post(&service, "/login/code", "", &[("step", step), ("code", code)]).await;
    assert_eq!(enter(&half, &code(now)).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "used to confirm");
    assert_eq!(enter(&half, "000000x").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // The code of the next 30 seconds: a phone's clock may be ahead by that much.
    let inside = enter(&half, &code(clock::now().timestamp() + 30)).await;
    assert_eq!(inside.status(), StatusCode::SEE_OTHER);
    assert!(cookies(&inside).contains("sid="));
    assert_eq!(
        enter(&half, recovery[0]).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY,
        "a step of the sign-in works once"
    );
    let half = step().await;
    assert_eq!(enter(&half, recovery[0]).await.status(), StatusCode::SEE_OTHER);
    let half = step().await;
    assert_eq!(
        enter(&half, recovery[0]).await.status(),
        StatusCode::UNPROCESSABLE_ENTITY,
        "a recovery code works once"
    );

    // A person who lost both factors asks another admin or the operator.
    let (done, said) = crate::processes::operator(&service, &["admin-user", "end-two-step", "--email", ADMIN_EMAIL]);
    assert!(done, "{said}");
    assert_eq!(log_in(&service, "", ADMIN_PASSWORD).await.status(), StatusCode::SEE_OTHER);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_by_link_ends_every_login_and_a_common_one_is_refused() {
    let service = Service::start().await;
    let person = service.log_in().await;
    let (user, _) = admin_user::find_user_by_email(&service.db, ADMIN_EMAIL).await.unwrap().unwrap();
    let until = clock::now() + chrono::TimeDelta::hours(1);
    let setup = admin_user::renew_setup(&service.db, user.admin_user_id, until).await.unwrap();
    let path = format!("/setup/{}", setup.expose_secret());
    assert_eq!(person.open("/account").await.status(), StatusCode::OK);
    for common in ["password1234", "Password2026!", "qwertyuiop12", "admin@example.org"] {
        let refused = post(&service, &path, "", &[("password", common), ("again", common)]).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{common}");
        assert!(refused.text().await.unwrap().contains("too easy to guess"));
    }
    let new = "kite lamp moss 7";
    let set = post(&service, &path, "", &[("password", new), ("again", new)]).await;
    assert_eq!(set.status(), StatusCode::SEE_OTHER);
    assert_eq!(person.open("/account").await.status(), StatusCode::SEE_OTHER, "the old login is over");
    assert_eq!(psql(&service.database_url, "select count(*) from admin_devices"), "0");
    assert_eq!(log_in(&service, "", new).await.status(), StatusCode::SEE_OTHER);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_users_and_erasure_need_a_password_that_was_given_lately() {
    let service = Service::start().await;
    let student = service.student("Amara Okafor", "+14155550142").await;
    let person = service.log_in().await;
    psql(&service.database_url, "update admin_logins set confirmed_at = now() - interval '11 minutes'");
    let erase = format!("/students/{}/erase", student.student_id);
    let fields = [("name", "agent"), ("scope", "context:read"), ("scope", "sessions:read")];
    for (page, action) in
        [("/settings/clients", "/settings/clients"), ("/settings/users", "/settings/users"), (&erase[..], &erase)]
    {
        let asked = person.post(page, action, &fields).await;
        assert_eq!(asked.status(), StatusCode::FORBIDDEN, "{action}");
        let html = asked.text().await.unwrap();
        assert!(html.contains("confirm_password") && html.contains(r#"name="scope" value="sessions:read""#), "{html}");
    }
    let with = |password: &'static str| [&fields[..], &[("confirm_password", password)]].concat();
    let before = person.cookie();
    let wrong = person.post("/settings/clients", "/settings/clients", &with("not the password")).await;
    assert_eq!(wrong.status(), StatusCode::FORBIDDEN);
    assert!(wrong.text().await.unwrap().contains("The password is wrong."));
    let right = person.post("/settings/clients", "/settings/clients", &with(ADMIN_PASSWORD)).await;
    assert_eq!(right.status(), StatusCode::OK);
    assert!(right.text().await.unwrap().contains("Client secret"));
    assert_ne!(person.cookie(), before, "the login has another cookie");
    let copied = post(&service, "/account", &before, &[("theme", "dark")]).await;
    assert_eq!(copied.headers()["location"], "/login", "a copy of the old cookie has no access");
    let again = person.post("/settings/clients", "/settings/clients", &fields).await;
    assert_eq!(again.status(), StatusCode::OK, "for some minutes the password is not required again");
    let clients =
        psql(&service.database_url, "select string_agg(distinct array_to_string(scopes, ' '), ',') from api_clients");
    assert_eq!(clients, "context:read sessions:read");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_cookies_and_links_follow_the_settings_and_not_the_request() {
    let settings = [
        ("PUBLIC_URL", "https://tutor.example.org"),
        ("ADMIN_URL", "https://dashboard.example.org"),
        ("VAPI_WEBHOOK_SECRET", "k3J9fQ2mX8vLp0Zr"),
    ];
    let service = Service::start_with(&settings).await;
    insert_admin(&service).await;
    let response = log_in(&service, "", ADMIN_PASSWORD).await;
    for set in response.headers().get_all("set-cookie") {
        let set = set.to_str().unwrap();
        assert!(set.starts_with("__Host-") && set.contains("; Secure") && set.contains("HttpOnly"), "{set}");
    }
    let person = Person::log_in(&service.admin_url, ADMIN_EMAIL, ADMIN_PASSWORD).await;
    let looks = [("theme", "dark"), ("zone", "UTC"), ("locale", "")];
    let saved = person.post("/account", "/account", &looks).await;
    assert_eq!(saved.headers().get_all("set-cookie").iter().count(), 4);
    for set in saved.headers().get_all("set-cookie") {
        assert!(set.to_str().unwrap().starts_with("__Host-"), "{set:?}");
    }
    assert!(person.read("/account").await.contains(r#"data-theme="dark""#));
    let header = Some(("host", "evil.example"));
    let page = person.open_with("/settings/users", header).await.text().await.unwrap();
    assert!(!page.contains("evil.example"));
    let invited = person.post("/settings/users", "/settings/users", &[("email", "ada@example.org"), ("role", "tutor")]);
    assert!(invited.await.text().await.unwrap().contains(">https://dashboard.example.org/setup/setup_"));
    for url in [&service.server_url, &service.admin_url] {
        for host in ["tutor.example.org", "127.0.0.1"] {
            let metrics = client().get(format!("{url}/metrics")).header("host", host).send().await.unwrap();
            assert_eq!(metrics.status(), StatusCode::NOT_FOUND, "{url} as {host}");
        }
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_that_are_none_of_ours_are_recorded_once_a_minute() {
    let service = Service::start().await;
    let person = service.log_in().await;
    for _ in 0..5 {
        let forged = post(&service, "/account", &person.cookie(), &[("csrf", "csrf_x"), ("theme", "dark")]).await;
        assert_eq!(forged.status(), StatusCode::FORBIDDEN);
        let request = client().post(format!("{}/login", service.admin_url)).header("origin", "https://evil.example");
        assert_eq!(request.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    }
    for (actor, object) in [("admin:admin@example.org", "route:POST /account"), ("stranger", "route:POST /login")] {
        let count = format!(
            "select count(*) between 1 and 2 from audit_entries
             where action = 'admin.forged' and actor = '{actor}' and object = '{object}'"
        );
        assert_eq!(psql(&service.database_url, count.as_str()), "t", "{actor}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_offered_to_each_account_alone() {
    let service = Service::start().await;
    insert_admin(&service).await;
    let (user, _) = admin_user::find_user_by_email(&service.db, ADMIN_EMAIL).await.unwrap().unwrap();
    second_factor::offer(&service.db, user.admin_user_id, ADMIN_EMAIL).await.unwrap();
    let offered =
        psql(&service.database_url, "select totp_secret is null and totp_offered is not null from admin_users");
    assert_eq!(offered, "t", "an offered second factor is not active before it is confirmed");
    assert_eq!(log_in(&service, "", ADMIN_PASSWORD).await.status(), StatusCode::SEE_OTHER);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_an_open_browser_ends_neither_two_steps_nor_other_sign_ins() {
    let service = Service::start().await;
    let person = service.log_in().await;
    let of = |sql| psql(&service.database_url, sql);
    let offer = person.post("/account", "/account/two-step/start", &[]).await.text().await.unwrap();
    let key = offer.split("Key: <code>").nth(1).unwrap().split('<').next().unwrap();
    let app = Builder::new().with_secret(Secret::try_from_base32(key).unwrap()).build().unwrap();
    let now = clock::now().timestamp().unsigned_abs();
    let code = app.generate(now).to_string();
    let on = person.post("/account", "/account/two-step/confirm", &[("code", &code)]).await;
    assert_eq!(on.status(), StatusCode::OK);

    // The password was confirmed a moment ago. Neither that nor a used code is sufficient.
    for code in ["", &code[..]] {
        let off = person.post("/account", "/account/two-step/stop", &[("code", code)]).await;
        assert_eq!(off.status(), StatusCode::UNPROCESSABLE_ENTITY, "{code:?}");
        assert_eq!(of("select totp_secret is not null from admin_users"), "t");
    }
    assert_eq!(of("select count(*) from audit_entries where action = 'admin.code_failed'"), "2");
    let next = app.generate(clock::now().timestamp().unsigned_abs() + 30).to_string();
    let off = person.post("/account", "/account/two-step/stop", &[("code", &next)]).await;
    assert_eq!(off.status(), StatusCode::SEE_OTHER);
    assert_eq!(of("select totp_secret is null from admin_users"), "t");

    of("update admin_logins set confirmed_at = now() - interval '11 minutes'");
    for password in ["", "not the password"] {
        let fields = [("login", "all"), ("confirm_password", password)];
        let asked = person.post("/account", "/account/sign-out", &fields).await;
        assert_eq!(asked.status(), StatusCode::FORBIDDEN, "{password:?}");
        assert_eq!(of("select count(*) from admin_logins"), "1");
    }
    assert_eq!(of("select count(*) from audit_entries where action = 'admin.confirm_failed'"), "1");
    let fields = [("login", "all"), ("confirm_password", ADMIN_PASSWORD)];
    assert_eq!(person.post("/account", "/account/sign-out", &fields).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(of("select count(*) from admin_logins"), "0");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_ends_when_it_is_idle_or_old_and_with_its_account() {
    let service = Service::start().await;
    insert_admin(&service).await;
    for (change, is_over) in [
        ("update admin_logins set last_seen_at = now() - interval '29 minutes'", false),
        ("update admin_logins set last_seen_at = now() - interval '31 minutes'", true),
        ("update admin_logins set expires_at = expires_at - interval '11 hours 59 minutes'", false),
        ("update admin_logins set expires_at = expires_at - interval '12 hours'", true),
        ("update admin_users set disabled_at = now()", true),
    ] {
        let person = Person::log_in(&service.admin_url, ADMIN_EMAIL, ADMIN_PASSWORD).await;
        assert_eq!(person.open("/").await.status(), StatusCode::OK);
        psql(&service.database_url, change);
        let expected = if is_over { StatusCode::SEE_OTHER } else { StatusCode::OK };
        assert_eq!(person.open("/").await.status(), expected, "{change}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_server_answers_a_trace() {
    let service = Service::start().await;
    for url in [&service.server_url, &service.admin_url] {
        for path in ["/", "/login", "/mcp", "/readyz", "/api/v1/students"] {
            let status =
                service.http.request(reqwest::Method::TRACE, format!("{url}{path}")).send().await.unwrap().status();
            assert!(status.is_client_error(), "{url}{path}: {status}");
        }
    }
    service.stop().await;
}
