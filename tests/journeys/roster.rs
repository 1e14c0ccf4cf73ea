//! The worker reads a school's roster on a schedule, and asks a person before it takes much away.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use crate::psql::psql;
use crate::service::{Person, Service, eventually};

const PAGE: &str = "/students/import";

/// The files of a bundle: students with their class; an empty class is none.
fn files(students: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let mut users = "sourcedId,status,enabledUser,givenName,familyName,grades,role\n".to_owned();
    let mut enrollments = "sourcedId,classSourcedId,userSourcedId,role\n".to_owned();
    for (n, (name, class)) in students.iter().enumerate() {
        users += &[name, ",active,true,", name, ",Brandt,05,student\n"].concat();
        if !class.is_empty() {
            enrollments += &["e", &n.to_string(), ",", class, ",", name, ",student\n"].concat();
        }
    }
    users += "odd,active,true,,,05,student\nt1,active,true,Ada,Teach,,teacher\n";
    let classes = "sourcedId,title\nc1,Maths 5a\nc2,Maths 5b\n".to_owned();
    vec![("users.csv", users), ("enrollments.csv", enrollments), ("classes.csv", classes)]
}

fn write(folder: &Path, students: &[(&str, &str)]) {
    for (name, text) in files(students) {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("roster-{}", uuid::Uuid::now_v7().simple()));
    std::fs::create_dir(&folder).unwrap();
    folder
}

/// What is stored of each student: name, class, status.
fn students(service: &Service) -> String {
    let sql = "select string_agg(concat_ws(' ', split_part(display_name, ' ', 1), cohort, status), ', ' order by display_name)
        from students";
    psql(&service.database_url, sql)
}

/// Makes the next run due, and waits until it has ended like this.
async fn next_run(service: &Service, state: &str) {
    let n: i64 = psql(&service.database_url, "select count(*) from roster_syncs").parse().unwrap();
    psql(&service.database_url, "update roster_syncs set created_at = created_at - interval '2 days'");
    ends(service, n + 1, state).await;
}

async fn ends(service: &Service, n: i64, state: &str) {
    let newest = "select count(*) over (), state from roster_syncs order by created_at desc limit 1";
    let expected = format!("{n}|{state}");
    eventually("the run ends", async || (psql(&service.database_url, newest) == expected).then_some(())).await;
}

/// A person presses "Apply the roster".
async fn apply(service: &Service, person: &Person) {
    let id = psql(&service.database_url, "select roster_sync_id from roster_syncs where state = 'needs_person'");
    person.submit(PAGE, &format!("{PAGE}/roster/{id}/approve"), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_is_read_on_a_schedule_and_a_person_approves_the_first_run_and_many_removals() {
    let folder = folder();
    write(&folder, &[("Gus", "c1"), ("Fay", "c1"), ("Zed", "c2")]);
    let source = folder.display().to_string();
    let settings = [("ROSTER_SOURCE", &source[..]), ("ROSTER_MAX_REMOVALS_PERCENT", "40")];
    let service = Service::start_with(&settings).await;
    // Of another system: no run touches her.
    let own = service.student("Own Brandt", "+14155550142").await.student_id;
    psql(
        &service.database_url,
        &format!("update students set cohort = 'chess', external_id = 'x' where student_id = '{own}'"),
    );
    let person = service.log_in().await;

    ends(&service, 1, "needs_person").await;
    assert_eq!(students(&service), "Own chess active", "nothing was changed");
    let page = person.read(PAGE).await;
    assert!(
        page.contains("It is the first run.") && page.contains("3 new, 0 changed, 0 unchanged, 1 row not read"),
        "{page}"
    );
    assert!(page.contains("line 5: display_name"), "it says what it could not read: {page}");
    // The files change before a person approves what they saw.
    write(&folder, &[("Gus", "c1"), ("Fay", "c1"), ("Zed", "c2"), ("Ida", "c2")]);
    apply(&service, &person).await;
    eventually("it asks again", async || person.read(PAGE).await.contains("4 new").then_some(())).await;
    assert!(person.read(PAGE).await.contains("The files changed after the report"));
    apply(&service, &person).await;
    ends(&service, 1, "done").await;
    let all = "Fay Maths 5a active, Gus Maths 5a active, Ida Maths 5b active, Own chess active, Zed Maths 5b active";
    assert_eq!(students(&service), all);

    // Zed leaves the school: one of four may go without a question. No run unblocks a student.
    service.write("update students set status = 'blocked' where display_name = 'Ida Brandt'").await;
    write(&folder, &[("Gus", "c1"), ("Fay", "c2"), ("Ida", "c2")]);
    next_run(&service, "done").await;
    let without = "Fay Maths 5b active, Gus Maths 5a active, Ida Maths 5b blocked, Own chess active, Zed active";
    assert_eq!(students(&service), without);
    assert!(person.read(PAGE).await.contains("0 new, 1 changed, 2 unchanged, 1 student without a class now"));

    // Two of three are too many.
    write(&folder, &[("Gus", "c1")]);
    next_run(&service, "needs_person").await;
    assert_eq!(students(&service), without, "nothing was changed");
    assert!(person.read(PAGE).await.contains("Too many students would leave"));
    // A bundle with changes alone takes no one away.
    std::fs::write(folder.join("manifest.csv"), "propertyName,value\nfile.users,delta\n").unwrap();
    next_run(&service, "done").await;
    assert_eq!(students(&service), without);
    let states = "select string_agg(state, ' ' order by created_at) from roster_syncs";
    assert_eq!(psql(&service.database_url, states), "done done dropped done");

    // The run that took Zed out of the class is undone.
    let undo =
        "select '/students/undo-import/' || roster_sync_id from roster_syncs order by created_at offset 1 limit 1";
    let undo = psql(&service.database_url, undo);
    let preview = person.read(&undo).await;
    let (_, seen) = preview.split_once(r#"name="seen" value=""#).unwrap();
    let seen = seen.split('"').next().unwrap().to_owned();
    assert_eq!(person.post(&undo, &undo, &[("seen", &seen)]).await.status(), StatusCode::OK);
    assert!(students(&service).contains("Zed Maths 5b active"), "{}", students(&service));

    std::fs::remove_dir_all(&folder).unwrap();
    next_run(&service, "failed").await;
    assert!(person.read(PAGE).await.contains("The folder or file of ROSTER_SOURCE cannot be read."));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_is_fetched_from_an_address_as_one_archive() {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files(&[("Gus", "c1")]) {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    let bytes = archive.finish().unwrap().into_inner();
    let answer = Arc::new(Mutex::new((StatusCode::SERVICE_UNAVAILABLE, Vec::new())));
    let shared = Arc::clone(&answer);
    let router = Router::new().route("/roster.zip", get(async move || shared.lock().unwrap().clone()));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let source = format!("http://{}/roster.zip", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let service = Service::start_with(&[("ROSTER_SOURCE", &source)]).await;
    let person = service.log_in().await;
    ends(&service, 1, "failed").await;
    assert!(person.read(PAGE).await.contains("The address of ROSTER_SOURCE answered 503."));
    *answer.lock().unwrap() = (StatusCode::OK, bytes);
    next_run(&service, "needs_person").await;
    apply(&service, &person).await;
    ends(&service, 2, "done").await;
    assert_eq!(students(&service), "Gus Maths 5a active");
    service.stop().await;
}
