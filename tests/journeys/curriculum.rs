//! The curriculum as staff maintain it: import, edit, retire, export.

use reqwest::StatusCode;
use secrecy::SecretString;
use storage::access::Role;
use storage::curriculum::{self, Curriculum};
use storage::{admin_user, audit, clock};

use crate::service::{Person, Service};

const IMPORT: &str = "/curriculum/import";
const COUNTING: &str = "/curriculum/maths.number.count/edit";

async fn log_in_as(service: &Service, email: &str, role: Role) -> Person {
    let password = "correct horse battery";
    let hash = admin_user::hash_password(&SecretString::from(password)).unwrap();
    admin_user::insert_user(&service.db, email, role, Some(&hash), None, clock::now()).await.unwrap();
    Person::log_in(&service.admin_url, email, password).await
}

async fn living(service: &Service) -> Curriculum {
    curriculum::load(&mut storage::db::begin(&service.db).await.unwrap()).await.unwrap()
}

pub fn value_of(page: &str, name: &str) -> String {
    let (_, rest) =
        page.split_once(&format!(r#"name="{name}" value=""#)).unwrap_or_else(|| panic!("no {name}: {page}"));
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_is_looked_at_first_and_one_with_a_fault_changes_nothing() {
    let service = Service::start().await;
    let tutor = log_in_as(&service, "tutor@example.org", Role::Tutor).await;
    let exported = tutor.read("/curriculum/export?format=csv").await;
    let before = living(&service).await;
    assert_eq!(Curriculum::from_csv(exported.as_bytes()).unwrap(), before, "what is exported can be imported");
    let json: Curriculum = serde_json::from_str(&tutor.read("/curriculum/export?format=json").await).unwrap();
    assert_eq!(json, before);

    let wrong = format!("{exported}art.a,art,Art,Mixing,5,2,,,\nart.b,art,Art,Lines,1,2,art.x,,\n");
    let refused = tutor.post(IMPORT, IMPORT, &[("sheet", &wrong)]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let refused = refused.text().await.unwrap();
    // Line 1 is the header.
    let line = format!("line {}: grades 5 to 2", before.skills.len() + 2);
    assert!(refused.contains(&line) && refused.contains("prerequisite art.x does not exist"), "{refused}");
    let forced = tutor.post(IMPORT, "/curriculum/import/apply", &[("sheet", &wrong)]).await;
    assert_eq!(forced.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(living(&service).await, before);

    let sheet = exported.replace("Place value", "The value of a place") + "art.a,art,Art,Mixing,1,4,,paint*3,\n";
    let preview = tutor.post(IMPORT, IMPORT, &[("sheet", &sheet)]).await.text().await.unwrap();
    assert!(preview.contains("Added 1") && preview.contains("Changed 1"), "{preview}");
    assert_eq!(living(&service).await, before, "a preview changes nothing");
    let seen = value_of(&preview, "seen");
    let apply = [("sheet", sheet.as_str()), ("seen", seen.as_str())];
    let taken = tutor.post(IMPORT, "/curriculum/import/apply", &apply).await;
    assert_eq!(taken.status(), StatusCode::SEE_OTHER);
    let after = living(&service).await;
    assert_eq!(after.find_skill("art.a").unwrap().name, "Mixing");
    assert_eq!(after.find_skill("maths.number.place_value").unwrap().name, "The value of a place");
    assert_eq!(after.skills.len(), before.skills.len() + 1);
    let again = tutor.post(IMPORT, "/curriculum/import/apply", &apply).await;
    assert_eq!(again.status(), StatusCode::CONFLICT, "the curriculum has changed since the preview");

    let entries =
        audit::list_entries(&service.db, &audit::AuditQuery { limit: 10, ..Default::default() }).await.unwrap();
    let imports: Vec<_> = entries.iter().filter(|entry| entry.action == "curriculum.import").collect();
    assert_eq!(imports.len(), 1);
    assert_eq!(imports[0].detail["added"], serde_json::json!(["art.a"]));
    let large = tutor.post(IMPORT, IMPORT, &[("sheet", &"x".repeat(3 * 1024 * 1024))]).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(large.text().await.unwrap().contains("at most 2 MiB"));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skill_is_edited_and_neither_a_circle_nor_a_stale_form_is_taken() {
    let service = Service::start().await;
    let tutor = log_in_as(&service, "tutor@example.org", Role::Tutor).await;
    let made_from = value_of(&tutor.read(COUNTING).await, "made_from");
    let fields = |name: &'static str, made_from: &str| {
        let typed = [
            ("name", name),
            ("subject", "maths"),
            ("grade_from", "0"),
            ("grade_to", "2"),
            ("lexicon", "Count to; 3\nnext number"),
            ("questions", "What comes after nine? | 10"),
            ("made_from", made_from),
        ];
        typed.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    };
    let post = async |fields: Vec<(String, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        tutor.post(COUNTING, COUNTING, &fields).await
    };
    let mut circle = fields("Counting", &made_from);
    circle.push(("prerequisite".to_owned(), "maths.number.place_value".to_owned()));
    let refused = post(circle).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text().await.unwrap().contains("maths.number.count → maths.number.place_value → maths.number.count")
    );

    assert_eq!(post(fields("Counting on", &made_from)).await.status(), StatusCode::SEE_OTHER);
    let saved = living(&service).await.find_skill("maths.number.count").unwrap().clone();
    assert_eq!((saved.name.as_str(), saved.lexicon.len(), saved.questions.len()), ("Counting on", 2, 1));
    assert_eq!((saved.lexicon[0].phrase.as_str(), saved.lexicon[0].weight), ("count to", 3));

    let stale = post(fields("Counting back", &made_from)).await;
    assert_eq!(stale.status(), StatusCode::CONFLICT);
    let both = stale.text().await.unwrap();
    assert!(both.contains("Counting on") && both.contains("Counting back"), "both are shown");
    assert_eq!(living(&service).await.find_skill("maths.number.count").unwrap().name, "Counting on");
    assert_eq!(post(fields("Counting back", &value_of(&both, "made_from"))).await.status(), StatusCode::SEE_OTHER);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skill_is_added_retired_and_restored_and_a_viewer_only_reads() {
    let service = Service::start().await;
    let admin = service.log_in().await;
    let subject = [("subject_id", "art"), ("name", "Art")];
    assert_eq!(admin.submit("/curriculum", "/curriculum/subjects", &subject).await, "/curriculum/new");
    let twice = admin.post("/curriculum", "/curriculum/subjects", &subject).await;
    assert_eq!(twice.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let skill = [("skill_id", "art.a"), ("name", "Mixing"), ("subject", "art"), ("grade_from", "1"), ("grade_to", "4")];
    assert_eq!(admin.submit("/curriculum/new", "/curriculum/new", &skill).await, "/curriculum/art.a?done=saved");
    let taken = admin.post("/curriculum/new", "/curriculum/new", &skill).await;
    assert_eq!(taken.status(), StatusCode::UNPROCESSABLE_ENTITY);

    assert!(admin.read("/curriculum/art.a?done=saved").await.contains("The skill is saved"));
    // Without an id, the skill gets one from its name. A second skill with that name gets another one.
    let named = [("name", "Warm colours"), ("subject", "art"), ("grade_from", "1"), ("grade_to", "4")];
    for id in ["art.warm_colours", "art.warm_colours_2"] {
        let saved = admin.submit("/curriculum/new", "/curriculum/new", &named).await;
        assert_eq!(saved, format!("/curriculum/{id}?done=saved"));
    }
    // All errors are shown at once, and testing a sentence saves nothing.
    let wrong = [("lexicon", "a; 10"), ("questions", "Why?"), ("skill_id", "maths.mixing"), ("subject", "art")];
    let refused = admin.post("/curriculum/new", "/curriculum/new", &wrong).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let refused = refused.text().await.unwrap();
    for field in ["#name", "#grade_from", "#lexicon", "#asked"] {
        assert!(refused.contains(&format!("href=\"{field}\"")), "{field}: {refused}");
    }
    let mut tried = named.to_vec();
    tried.extend([("lexicon", "warm colour"), ("do", "try"), ("sentence", "Can you name a warm colour?")]);
    let found = admin.post("/curriculum/new", "/curriculum/new", &tried).await.text().await.unwrap();
    assert!(found.contains("The analysis finds this skill"), "{found}");
    assert!(living(&service).await.find_skill("art.warm_colours_3").is_none());
    let other =
        [("skill_id", "maths.mixing"), ("name", "Mixing"), ("subject", "art"), ("grade_from", "1"), ("grade_to", "4")];
    let other = admin.post("/curriculum/new", "/curriculum/new", &other).await.text().await.unwrap();
    assert!(other.contains("begins like the skills of Mathematics"), "{other}");

    let page = "/curriculum/art.a";
    assert_eq!(admin.submit(page, "/curriculum/art.a/retire", &[]).await, page);
    assert!(living(&service).await.find_skill("art.a").is_none());
    assert!(admin.read(page).await.contains("This skill is retired"));
    assert_eq!(admin.submit(page, "/curriculum/art.a/restore", &[]).await, page);
    assert!(living(&service).await.find_skill("art.a").is_some());
    let needed = admin.post(page, "/curriculum/maths.number.count/retire", &[]).await;
    assert_eq!(needed.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(needed.text().await.unwrap().contains("builds on it"));
    let entries =
        audit::list_entries(&service.db, &audit::AuditQuery { limit: 20, ..Default::default() }).await.unwrap();
    for action in ["subject.create", "skill.create", "skill.retire", "skill.restore"] {
        assert!(entries.iter().any(|entry| entry.action == action), "{action}: {entries:?}");
    }

    let viewer = log_in_as(&service, "viewer@example.org", Role::Viewer).await;
    let shown = viewer.read("/curriculum?q=mixing").await;
    assert!(shown.contains("Mixing") && !shown.contains("Counting to 100") && !shown.contains("Add a skill"));
    assert!(viewer.read(page).await.contains("Place in the curriculum"));
    for form in [IMPORT, COUNTING, "/curriculum/new"] {
        assert_eq!(viewer.open(form).await.status(), StatusCode::FORBIDDEN, "{form}");
    }
    let before = living(&service).await;
    for action in [IMPORT, "/curriculum/import/apply", COUNTING, "/curriculum/art.a/retire", "/curriculum/subjects"] {
        let refused = viewer.post("/account", action, &[("sheet", "x")]).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{action}");
    }
    assert_eq!(living(&service).await, before);
    service.stop().await;
}
