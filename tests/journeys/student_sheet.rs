//! Staff import a class from a spreadsheet without an operator.

use reqwest::StatusCode;

use crate::curriculum::value_of;
use crate::service::Service;

const IMPORT: &str = "/students/import";
const APPLY: &str = "/students/import/apply";

const SHEET: &str = "Name;Phone;Grade;Class;Shoe size\n\
                     Amara Okafor;+14155550142;5;5b;34\n\
                     Leo Brandt;+1 415 555 0143;K;5b;30\n\
                     Ida Brandt;12;fifth;5b;31\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_class_is_looked_at_first_and_then_imported() {
    let service = Service::start().await;
    service.student("Amara Okafor", "+14155550142").await;
    let person = service.log_in().await;
    assert!(person.read("/students").await.contains(IMPORT), "the list links to the import");
    let list = "select string_agg(display_name || ' ' || coalesce(grade::text, '-'), ', ' order by 1) from students";
    let students = async || service.write(list).await.trim().to_owned();

    let preview = person.post(IMPORT, IMPORT, &[("sheet", SHEET), ("known", "change")]).await;
    assert_eq!(preview.status(), StatusCode::OK);
    let preview = preview.text().await.unwrap();
    for seen in
        ["1 new, 1 changed, 0 unchanged, 1 row left out", "Shoe size", "phones[1]", "grade: ", "Import 2 students"]
    {
        assert!(preview.contains(seen), "{seen} in {preview}");
    }
    assert_eq!(students().await, "Amara Okafor 7", "a preview changes nothing");

    let seen = value_of(&preview, "seen");
    let apply = [("sheet", SHEET), ("known", "change"), ("seen", seen.as_str())];
    let done = person.post(IMPORT, APPLY, &apply).await.text().await.unwrap();
    assert!(done.contains("Imported: 1 new, 1 changed"), "{done}");
    assert_eq!(students().await, "Amara Okafor 5, Leo Brandt 0");
    let again = person.post(IMPORT, APPLY, &apply).await;
    assert_eq!(again.status(), StatusCode::CONFLICT, "the preview is out of date");
    assert!(again.text().await.unwrap().contains("There is nothing to import."));

    // Existing students can be left unchanged.
    let other = SHEET.replace("555 0143;K", "555 0143;4");
    let kept = person.post(IMPORT, IMPORT, &[("sheet", &other), ("known", "keep")]).await.text().await.unwrap();
    assert!(kept.contains("0 new, 0 changed, 2 unchanged"), "{kept}");

    for (sheet, words) in
        [("", "no column display_name"), ("name\n", "no row below"), ("Ana\nBo\n", "no column display_name")]
    {
        let refused = person.post(IMPORT, IMPORT, &[("sheet", sheet)]).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().await.unwrap().contains(words), "{sheet:?}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_the_encoding_of_a_spreadsheet_is_read() {
    let service = Service::start().await;
    let person = service.log_in().await;
    let csrf = value_of(&person.read(IMPORT).await, "csrf");
    let utf16: Vec<u8> = "\u{feff}name\tgrade\nJosé Rossi\t5\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut body = format!("--b\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n").into_bytes();
    body.extend(b"--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"class.csv\"\r\n\r\n");
    body.extend([&utf16[..], b"\r\n--b--\r\n"].concat());
    let answer = service
        .http
        .post(format!("{}{IMPORT}", service.admin_url))
        .header("cookie", person.cookie())
        .header("origin", &service.admin_url)
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let page = answer.text().await.unwrap();
    assert!(page.contains("José Rossi") && page.contains("1 new"), "{page}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_undone_while_nothing_depends_on_it() {
    let service = Service::start().await;
    service.student("Amara Okafor", "+14155550142").await;
    service.student("Kofi Mensah", "+14155550144").await;
    let person = service.log_in().await;
    let list =
        "select string_agg(display_name || ' ' || coalesce(grade::text, '-') || ' ' || coalesce(cohort, '-') || ' '
        || (select string_agg(phone, ',' order by phone) from student_phones p where p.student_id = s.student_id), '; '
        order by display_name) from students s";
    let students = async || service.write(list).await.trim().to_owned();
    let before = students().await;
    let sheet = format!("{SHEET}Kofi Mensah;+14155550144;6;5b;33\nMai Tran;+14155550145;4;5b;29\n");
    let preview = person.post(IMPORT, IMPORT, &[("sheet", &sheet), ("known", "change")]).await.text().await.unwrap();
    let apply = [("sheet", &sheet[..]), ("known", "change"), ("seen", &value_of(&preview, "seen")[..])];
    let done = person.post(IMPORT, APPLY, &apply).await.text().await.unwrap();
    assert!(done.contains("Imported: 2 new, 2 changed") && done.contains("Undo this import"), "{done}");
    let page = person.read(IMPORT).await;
    assert!(page.contains("Latest imports"), "{page}");
    let at = page.find("/students/undo-import/").expect("a link to undo it");
    let undo = page[at..].split('"').next().unwrap().to_owned();

    // A note on one student and a change to another prevent the undo for these two of the four.
    service.write("insert into notes (note_id, student_id, text, author, for_assistant, created_at)
        select gen_random_uuid(), student_id, 'Likes maps.', 'admin:a', false, now() from students where display_name = 'Mai Tran'").await;
    service
        .write("update students set guidance = 'Ask why.', updated_at = now() where display_name = 'Kofi Mensah'")
        .await;
    let imported = students().await;
    let preview = person.read(&undo).await;
    for seen in
        ["Cannot be undone", "has a note", "was changed since", "Are removed", "Leo Brandt", "Undo for 2 students"]
    {
        assert!(preview.contains(seen), "{seen}: {preview}");
    }
    assert_eq!(students().await, imported, "a preview changes nothing");
    let stale = person.post(&undo, &undo, &[("seen", "0")]).await;
    assert_eq!(stale.status(), StatusCode::CONFLICT);
    let seen = value_of(&preview, "seen");
    let done = person.post(&undo, &undo, &[("seen", &seen)]).await.text().await.unwrap();
    assert!(done.contains("Undone for 2 students") && done.contains("Mai Tran"), "{done}");
    let (amara, _) = before.split_once("; ").unwrap();
    let after = students().await;
    assert!(after.starts_with(amara) && after.contains("Mai Tran") && !after.contains("Leo"), "{after}");
    assert!(after.contains("Kofi Mensah 6 5b"), "a student who was changed since is kept: {after}");
    let audit = person.read("/settings/audit").await;
    assert!(audit.contains("undid an import of students"), "{audit}");
    service.stop().await;
}
