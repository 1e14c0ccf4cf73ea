//! The heat map of a list of students, skill by skill.

use serde_json::{Value, json};

use crate::psql::psql;
use crate::service::Service;

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_students_shows_what_each_knows_as_it_is_today() {
    let service = Service::start().await;
    let token = service.token("students:read students:write").await;
    let url = format!("{}/api/v1/students", service.server_url);
    for (name, knowledge, days) in [("Noor Haddad", 0.99, 1), ("Theo Lindqvist", 0.99, 9)] {
        let body = json!({ "display_name": name, "phones": [] });
        let made: Value =
            service.http.post(&url).bearer_auth(&token).json(&body).send().await.unwrap().json().await.unwrap();
        let sql = format!(
            "insert into mastery (student_id, skill_id, knowledge, stability, difficulty, n_evidence,
                 n_unaided_correct, n_calls_correct, last_at)
             select '{}', skill_id, {knowledge}, 8, 5, 6, 4, 2, now() - interval '{days} days'
             from skills where subject_id = 'reading' order by skill_id limit 2",
            made["student_id"].as_str().unwrap(),
        );
        psql(&service.database_url, &sql);
    }
    let skill =
        psql(&service.database_url, "select name from skills where subject_id = 'reading' order by skill_id limit 1");

    let page = service.log_in().await.read("/students").await;
    assert!(page.contains("Mastery by skill") && page.contains(&format!(r#"<th scope="col">{}</th>"#, skill.trim())));
    let cells = |name: &str| {
        let row = page.split("<tr>").find(|row| row.contains("<th scope=\"row\">") && row.contains(name)).unwrap();
        (
            row.matches(">Mastered</td>").count(),
            row.matches(">Nearly there<span class=\"vh\">, review due</span>").count(),
        )
    };
    assert_eq!((cells("Noor Haddad"), cells("Theo Lindqvist")), ((2, 0), (0, 2)), "{page}");
    assert!(
        page.contains("Skills: learning 0, nearly there 0, mastered 2")
            && page.contains("Skills: learning 0, nearly there 2")
    );
    // These rows have no evidence, which the check at the end would report.
    service.write("delete from mastery").await;
    service.stop().await;
}
