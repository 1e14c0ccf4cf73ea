//! The servers run under a restricted Postgres role: they work, and cannot change the audit log.

use std::process::Command;

use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use storage::db::{PoolSize, can_change_audit_log};

use crate::processes::binary;
use crate::psql::{psql, try_psql};
use crate::service::{Service, new_database};
use crate::vapi::{self, CALL_ID, CALLER, REPORT};

/// Creates a role. Returns its name, and the database's address with that role.
fn role(url: &SecretString, kind: &str) -> (String, SecretString) {
    let name = format!("{kind}_{}", uuid::Uuid::now_v7().simple());
    psql(url, &format!("create role {name} login password 'a-password-for-a-test'"));
    let mut own = url::Url::parse(url.expose_secret()).unwrap();
    own.set_username(&name).unwrap();
    own.set_password(Some("a-password-for-a-test")).unwrap();
    (name, SecretString::from(own.to_string()))
}

fn migrate(url: &SecretString, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(binary("ai-tutor"));
    let output = command.arg("migrate").args(arguments).env("DATABASE_URL", url.expose_secret()).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_work_under_a_role_that_cannot_change_the_audit_log() {
    let owner = new_database().await;
    let (app, app_url) = role(&owner, "app");
    let (reader, reader_url) = role(&owner, "reader");
    for _ in 0..2 {
        let (done, said) = migrate(&owner, &["--app-role", &app, "--read-role", &reader]);
        assert!(done, "{said}");
    }

    let service = Service::start_on(app_url.clone(), &[]).await;
    service.student("Amara Okafor", CALLER).await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    let token = service.token("context:read sessions:read students:read students:write").await;
    service.analyzed(&token, CALL_ID).await;
    let person = service.log_in().await;
    for page in
        ["/", "/sessions", "/students", "/jobs", "/analytics", "/settings/clients", "/settings/audit", "/curriculum"]
    {
        person.read(page).await;
    }
    let (done, said) = crate::processes::operator(&service, &["api-client", "list"]);
    assert!(done, "a command under the role of the servers: {said}");
    // At its start, a server warns if it can change the audit log.
    assert!(!can_change_audit_log(&service.db).await.unwrap());
    service.stop().await;
    let as_owner = storage::db::pool(&owner, PoolSize::MCP_SERVER).unwrap();
    assert!(can_change_audit_log(&as_owner).await.unwrap());

    assert_ne!(psql(&app_url, "select count(*) from audit_entries"), "0");
    for forbidden in [
        "update audit_entries set actor = 'operator'",
        "delete from audit_entries",
        "truncate audit_entries",
        "alter table audit_entries add column x int",
        "drop table audit_entries",
        "create table x ()",
        "delete from _sqlx_migrations",
        "delete from consents",
        "update consents set action = 'given'",
    ] {
        assert!(try_psql(&app_url, forbidden).is_err(), "{forbidden}");
    }
    assert_eq!(psql(&reader_url, "select count(*) from students"), "1");
    for forbidden in [
        "select password_hash from admin_users",
        "select * from agent_keys",
        "select code_hash from caller_codes",
        "delete from students",
    ] {
        assert!(try_psql(&reader_url, forbidden).is_err(), "{forbidden}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_grants_do_not_bind_is_refused() {
    let owner = new_database().await;
    let (done, said) = migrate(&owner, &["--app-role", "nobody_of_that_name"]);
    assert!(!done && said.contains("create role"), "{said}");
    let superuser = psql(&owner, "select current_user");
    let (done, said) = migrate(&owner, &["--app-role", &superuser]);
    assert!(!done && said.contains("grants do not bind"), "{said}");
}
