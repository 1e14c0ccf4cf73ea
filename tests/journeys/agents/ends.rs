//! Ways to end or narrow an agent's access. Existing access tokens lose it within seconds.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;
use storage::access::Role;
use storage::{admin_user, clock};

use super::connector::{Connector, PASSWORD, Staff, is_refused};
use crate::psql::psql;
use crate::service::{Service, eventually};

const OTHER: &str = "ferry moss kite lamp rain";

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_ends_with_the_account_or_by_a_click() {
    let service = Service::start().await;
    let admin = service.log_in().await;
    let staff = Staff::insert(&service, "teacher", Role::Tutor, None).await;
    let (id, email) = (staff.admin_user_id, &staff.email);
    let agent = Connector::register(&service).await;
    let users = "/settings/users";
    for how in ["own click", "click of an admin", "disabled", "signed out by an admin", "demoted", "password", "reset"]
    {
        psql(&service.database_url, "update admin_users set role = 'tutor' where email like 'teacher%'");
        let person = Staff::log_in(&service, email).await;
        let tokens = agent.connect(&person).await;
        assert!(agent.works(&tokens).await, "{how}");
        let grant = psql(&service.database_url, "select agent_grant_id from agent_grants where ended_at is null");
        let started = Instant::now();
        match how {
            "own click" => {
                assert!(person.read("/account").await.contains("Test agent"));
                let action = format!("/account/agents/{grant}/disconnect");
                assert_eq!(person.submit("/account", &action, &[]).await, "/account");
                assert!(!person.read("/account").await.contains("Test agent"));
            }
            "click of an admin" => {
                let own = admin.post("/account", &format!("/account/agents/{grant}/disconnect"), &[]).await;
                assert_eq!(own.status(), StatusCode::NOT_FOUND, "it is not the admin's own");
                let clients = "/settings/clients";
                assert!(admin.read(clients).await.contains(email.as_str()), "an admin sees whose it is");
                admin.submit(clients, &format!("{clients}/agents/{grant}/disconnect"), &[]).await;
            }
            "disabled" => {
                admin.submit_to(users, &format!("{users}/{id}/disabled"), &[("disabled", "yes")]).await;
            }
            "signed out by an admin" => {
                admin.submit_to(users, &format!("{users}/{id}/sign-out"), &[]).await;
            }
            "demoted" => {
                admin.submit_to(users, &format!("{users}/{id}/role"), &[("role", "viewer")]).await;
            }
            "password" => {
                // The next login needs the old password again.
                let fields = [("old", PASSWORD), ("password", OTHER), ("again", OTHER)];
                person.submit("/account", "/account/password", &fields).await;
                let hash = admin_user::hash_password(&PASSWORD.into()).unwrap();
                admin_user::set_password(&service.db, id, &hash).await.unwrap();
            }
            _ => {
                let until = clock::now() + chrono::TimeDelta::hours(1);
                let setup = admin_user::renew_setup(&service.db, id, until).await.unwrap();
                let hash = admin_user::hash_password(&PASSWORD.into()).unwrap();
                admin_user::set_up(&service.db, &setup, &hash, clock::now()).await.unwrap();
            }
        }
        eventually(how, async || (!agent.works(&tokens).await).then_some(())).await;
        assert!(started.elapsed() < Duration::from_secs(10), "{how}: {:?}", started.elapsed());
        if how == "disabled" {
            let set = admin_user::set_disabled(&service.db, id, None);
            set.await.unwrap();
        }
        assert!(!agent.works(&tokens).await, "{how}: it does not come back");
        assert!(is_refused(&agent.refresh(&tokens, &[]).await), "{how}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gives_its_tokens_back() {
    let service = Service::start().await;
    let teacher = Staff::insert(&service, "teacher", Role::Tutor, None).await.person;
    let (agent, other) = (Connector::register(&service).await, Connector::register(&service).await);
    for kind in ["refresh_token", "access_token"] {
        let tokens = agent.connect(&teacher).await;
        let token = tokens[kind].as_str().unwrap();
        let (status, _) = other.revoke(token, &[]).await;
        assert_eq!(status, StatusCode::OK, "the answer reveals nothing to a stranger");
        assert!(agent.works(&tokens).await, "a stranger cannot revoke a token");
        assert_eq!(agent.revoke(token, &[("token_type_hint", "refresh_token")]).await.0, StatusCode::OK);
        agent.ends(&tokens).await;
        assert_eq!(agent.revoke(token, &[]).await.0, StatusCode::OK, "a second revocation is answered alike");
    }
    assert_eq!(agent.revoke("none", &[]).await.0, StatusCode::OK);
    let (status, answer) = agent.revoke("none", &[("client_id", "")]).await;
    assert!(status.is_success() || answer["error"] == "invalid_request", "{answer}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_loses_rights_and_students_with_its_person() {
    let service = Service::start().await;
    let staff = Staff::insert(&service, "teacher", Role::Tutor, None).await;
    let student = service.student("Amara Okafor", "+14155550142").await;
    let agent = Connector::register(&service).await;
    let tokens = agent.connect(&staff.person).await;
    let note = json!({ "student_id": student.student_id, "text": "Likes maps" });
    let writes = async || agent.call(&tokens, "save_note", note.clone()).await["result"]["isError"] == json!(false);
    let lists = async || agent.call(&tokens, "list_students", json!({})).await.to_string().contains("Amara");
    assert!(writes().await && lists().await);
    // A person who must set up a second factor has no access before that.
    for (is_required, is_open) in [("true", false), ("false", true)] {
        psql(&service.database_url, &format!("update organisation set requires_second_factor = {is_required}"));
        eventually("the organisation's rule counts", async || (lists().await == is_open).then_some(())).await;
    }
    // Changes the role in the database: the dashboard would also end the agent's access.
    admin_user::set_role(&service.db, staff.admin_user_id, Role::Viewer).await.unwrap();
    eventually("the agent can only read", async || (!writes().await).then_some(())).await;
    assert!(lists().await);
    let (_, tokens) = agent.refresh(&tokens, &[]).await;
    assert!(!tokens["scope"].as_str().unwrap().contains("write"), "{tokens}");
    let cohorts = vec!["8a".to_owned()];
    admin_user::set_cohorts(&service.db, staff.admin_user_id, Some(&cohorts)).await.unwrap();
    eventually("the agent reaches only other students", async || (!lists().await).then_some(())).await;
    let progress = agent.call(&tokens, "get_progress", json!({ "student_id": student.student_id })).await;
    assert_eq!(progress["result"]["isError"], json!(true), "{progress}");
    service.stop().await;
}
