//! Files that people import.

use std::path::{Path, PathBuf};

use super::json_file;
use crate::processes::operator;
use crate::psql::psql;
use crate::service::Service;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/reports").join(name)
}

fn import(service: &Service, name: &str) -> String {
    operator(service, &["student", "import", path(name).to_str().unwrap()]).1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_is_taken_row_by_row() {
    let service = Service::start().await;
    let output = import(&service, "15-import-zone-and-locale.csv");
    for line in 2..=5 {
        assert!(output.contains(&format!("line {line}: ")), "{output}");
    }
    assert_eq!(psql(&service.database_url, "select count(*) from students"), "0", "{output}");

    let output = import(&service, "16-import-line-number.csv");
    assert!(output.contains("line 4: ") && !output.contains("line 2: "), "{output}");

    let output = import(&service, "17-import-twice.csv");
    assert!(output.contains("1 students added, 0 changed, 1 already there, 0 rows refused"), "{output}");
    let output = import(&service, "17-import-twice.csv");
    assert!(output.contains("0 students added, 0 changed, 2 already there, 0 rows refused"), "{output}");

    let output = import(&service, "18-import-apostrophe.csv");
    assert!(output.contains("1 students added"), "{output}");
    let phones = "select phone from student_phones join students using (student_id) where display_name = 'Apo A'";
    assert_eq!(psql(&service.database_url, phones), "+14155558009");

    let output = import(&service, "84-students.csv");
    assert!(output.contains("1 students added, 0 changed, 1 already there, 2 rows refused"), "{output}");
    assert!(output.contains("line 2: timezone:") && output.contains("line 7: "), "{output}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_curriculum_of_json_is_not_cut_at_the_signs_of_the_sheet() {
    let service = Service::start().await;
    let mut curriculum = json_file("26-curriculum-json-separators.json")["file"].clone();
    let ask = |text: &str| serde_json::json!({ "ask": text, "answer": "3" });
    curriculum["skills"][0]["questions"].as_array_mut().unwrap().push(ask("What is |-3|?"));
    let file = std::env::temp_dir().join(format!("curriculum-{}.json", uuid::Uuid::now_v7().simple()));
    std::fs::write(&file, curriculum.to_string()).unwrap();
    let (is_good, output) = operator(&service, &["curriculum", "import", file.to_str().unwrap()]);
    std::fs::remove_file(file).unwrap();
    assert!(is_good, "{output}");
    let mut tx = storage::db::begin(&service.db).await.unwrap();
    let curriculum = storage::curriculum::load(&mut tx).await.unwrap();
    let skill = serde_json::to_value(curriculum.find_skill("maths.zz.r").unwrap()).unwrap();
    assert_eq!(
        (&skill["questions"][0]["ask"], &skill["questions"][0]["answer"]),
        (&"Is a => b?".into(), &"yes".into())
    );
    assert_eq!(skill["questions"][1]["ask"], "What is |-3|?");
    service.stop().await;
}
