//! Students of a OneRoster 1.1 or 1.2 CSV bundle: a zip file, or a folder with its files.
//!
//! Read are `users.csv` (and `roles.csv` of 1.2), `enrollments.csv` and `classes.csv`. `manifest.csv` says if they are complete. The first class of a student
//! becomes the cohort. A user that is to be deleted or not enabled is blocked, never erased.

use std::collections::HashMap;
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use storage::student::roster::RosterRow;
use storage::student::sheet::{Row, decode, line_of, read_row};

/// The largest file of a bundle that is read, in bytes.
const MAX_FILE: u64 = 200 * 1024 * 1024;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are OneRoster's")]
struct User {
    sourced_id: String,
    status: String,
    enabled_user: String,
    given_name: String,
    preferred_given_name: String,
    family_name: String,
    sms: String,
    phone: String,
    grades: String,
    /// Of 1.1; 1.2 has `roles.csv`.
    role: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are OneRoster's")]
struct Role {
    user_sourced_id: String,
    status: String,
    role: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Enrollment {
    class_sourced_id: String,
    user_sourced_id: String,
    status: String,
    role: String,
    primary: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Class {
    sourced_id: String,
    title: String,
}

/// Whether the path is a bundle: a folder, or a zip file.
pub fn is_bundle(path: &Path) -> bool {
    path.is_dir() || path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
}

/// A bundle that can be read.
#[derive(Debug)]
pub enum Bundle {
    Folder(PathBuf),
    /// The bytes of a zip file.
    Archive(Vec<u8>),
}

impl Bundle {
    /// The bundle at a path.
    pub fn at(path: &Path) -> anyhow::Result<Self> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        Ok(Self::Archive(std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?))
    }
}

/// What a bundle says.
#[derive(Debug)]
pub struct Roster {
    /// All students, each with its line in `users.csv`.
    pub rows: Vec<(usize, Result<RosterRow, String>)>,
    /// Whether it has all students and classes. Otherwise it has only what changed.
    pub is_complete: bool,
    /// SHA-256 of the files.
    pub fingerprint: Vec<u8>,
}

/// One line of `manifest.csv`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Property {
    property_name: String,
    value: String,
}

/// Reads a bundle.
pub fn read(bundle: &Bundle) -> anyhow::Result<Roster> {
    let mut hash = Sha256::new();
    let mut file = |name: &str| -> anyhow::Result<Option<String>> {
        let text = file(bundle, name)?;
        hash.update(format!("{name} {}\n", text.as_ref().map_or(0, String::len)));
        hash.update(text.as_deref().unwrap_or_default());
        Ok(text)
    };
    let users = file("users.csv")?.context("the bundle has no users.csv")?;
    let roles: Vec<Role> = rows(&file("roles.csv")?.unwrap_or_default())?;
    let enrollments: Vec<Enrollment> = rows(&file("enrollments.csv")?.unwrap_or_default())?;
    let classes: Vec<Class> = rows(&file("classes.csv")?.unwrap_or_default())?;
    let manifest: Vec<Property> = rows(&file("manifest.csv")?.unwrap_or_default())?;
    let is_complete = !manifest.iter().any(|property| {
        ["file.users", "file.enrollments"].contains(&&property.property_name[..])
            && property.value.eq_ignore_ascii_case("delta")
    });
    let rows = read_rows(&users, &roles, &enrollments, &classes)?;
    Ok(Roster { rows, is_complete, fingerprint: hash.finalize().to_vec() })
}

fn read_rows(
    users: &str,
    roles: &[Role],
    enrollments: &[Enrollment],
    classes: &[Class],
) -> anyhow::Result<Vec<(usize, Result<RosterRow, String>)>> {
    let titles: HashMap<&str, &str> = classes.iter().map(|class| (&class.sourced_id[..], &class.title[..])).collect();
    let is_current = |status: &str| !status.eq_ignore_ascii_case("tobedeleted");
    let is_student = |role: &str| role.eq_ignore_ascii_case("student");
    let mut students: std::collections::HashSet<&str> = roles
        .iter()
        .filter(|role| is_current(&role.status) && is_student(&role.role))
        .map(|role| &role.user_sourced_id[..])
        .collect();
    let mut cohorts: HashMap<&str, &str> = HashMap::new();
    for enrollment in
        enrollments.iter().filter(|enrollment| is_current(&enrollment.status) && is_student(&enrollment.role))
    {
        students.insert(&enrollment.user_sourced_id);
        let Some(title) = titles.get(&enrollment.class_sourced_id[..]) else { continue };
        let is_primary = enrollment.primary.eq_ignore_ascii_case("true");
        cohorts
            .entry(&enrollment.user_sourced_id)
            .and_modify(|known| {
                if is_primary {
                    *known = title;
                }
            })
            .or_insert(title);
    }
    let mut sheet = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(users.as_bytes());
    let columns = sheet.headers().context("users.csv is no CSV")?.clone();
    if !columns.iter().any(|column| column == "sourcedId") {
        bail!("users.csv has no column sourcedId: this is no OneRoster bundle");
    }
    let (mut found, mut record) = (Vec::new(), csv::StringRecord::new());
    loop {
        let start = sheet.position().byte() as usize;
        let read = sheet.read_record(&mut record);
        if matches!(read, Ok(false)) {
            return Ok(found);
        }
        let user = read.and_then(|_| record.deserialize::<User>(Some(&columns)));
        let row = match user {
            Ok(user) if is_student(&user.role) || students.contains(&user.sourced_id[..]) => {
                let cohort = cohorts.get(&user.sourced_id[..]).copied().unwrap_or_default();
                read_row(&row(&user, cohort, is_current(&user.status)))
            }
            Ok(_) => continue,
            Err(error) => Err(error.to_string()),
        };
        found.push((line_of(users, start), row));
    }
}

fn row(user: &User, cohort: &str, is_current: bool) -> Row {
    let given = if user.preferred_given_name.is_empty() { &user.given_name } else { &user.preferred_given_name };
    let is_active = is_current && !user.enabled_user.eq_ignore_ascii_case("false");
    let phones = [&user.sms, &user.phone].map(|phone| &phone[..]).into_iter().filter(|phone| !phone.is_empty());
    Row {
        external_id: user.sourced_id.clone(),
        display_name: format!("{given} {}", user.family_name).trim().to_owned(),
        phones: phones.collect::<Vec<_>>().join(";"),
        grade: grade(user.grades.split(',').next().unwrap_or_default()),
        cohort: cohort.chars().take(storage::student::MAX_COHORT).collect(),
        status: if is_active { "active" } else { "blocked" }.to_owned(),
        ..Row::default()
    }
}

/// A grade in the codes of CEDS, which OneRoster uses: `KG`, `01` to `13`. Others, as `PK` and `Other`, are left out.
fn grade(code: &str) -> String {
    match code.trim() {
        "KG" | "TK" => "0".to_owned(),
        code => code.parse::<u8>().map(|grade| grade.to_string()).unwrap_or_default(),
    }
}

/// One file of the bundle as text; `None`: it is not there.
fn file(bundle: &Bundle, name: &str) -> anyhow::Result<Option<String>> {
    let mut bytes = Vec::new();
    match bundle {
        Bundle::Folder(folder) => {
            let path = folder.join(name);
            if !path.is_file() {
                return Ok(None);
            }
            bytes = std::fs::read(&path).with_context(|| format!("cannot read {name}"))?;
        }
        Bundle::Archive(zipped) => {
            let mut archive = zip::ZipArchive::new(Cursor::new(zipped)).context("the file is no zip archive")?;
            let names: Vec<String> =
                archive.file_names().filter_map(Result::ok).map(std::borrow::Cow::into_owned).collect();
            let inside = names.into_iter().find(|inside| inside.rsplit('/').next() == Some(name));
            let Some(inside) = inside else { return Ok(None) };
            archive.by_name(&inside)?.take(MAX_FILE).read_to_end(&mut bytes)?;
        }
    }
    Ok(Some(decode(&bytes).into_owned()))
}

fn rows<T: for<'a> Deserialize<'a>>(text: &str) -> anyhow::Result<Vec<T>> {
    let mut sheet = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    Ok(sheet.deserialize().collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use storage::student::StudentStatus;

    use super::*;

    const USERS: &str = "sourcedId,status,enabledUser,givenName,familyName,preferredGivenName,sms,phone,grades\n\
                         u1,active,true,José,Rossi,,+14155550142,,05\n\
                         u2,,true,Maya,Okoro,May,,+1 415 555 0143,\"KG,01\"\n\
                         u3,tobedeleted,true,Leo,Brandt,,,,07\n\
                         t1,active,true,Ada,Teach,,,,\n";
    const ROLES: &str = "sourcedId,userSourcedId,roleType,role\nr1,u1,primary,student\nr2,u2,primary,student\n\
                         r3,u3,primary,student\nr4,t1,primary,teacher\n";
    const ENROLLMENTS: &str = "sourcedId,classSourcedId,userSourcedId,role,primary\ne1,c1,u1,student,false\n\
                               e2,c2,u1,student,true\ne3,c1,t1,teacher,true\n";
    const CLASSES: &str = "sourcedId,title\nc1,Art\nc2,Period 3 math\n";

    fn bundle(name: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("one-roster-{}-{name}.zip", std::process::id()));
        let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
        let files =
            [("users.csv", USERS), ("roles.csv", ROLES), ("enrollments.csv", ENROLLMENTS), ("classes.csv", CLASSES)];
        for (name, text) in files {
            archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap();
        path
    }

    #[test]
    fn students_come_with_class_grade_and_status_and_teachers_do_not() {
        let path = bundle("whole");
        let roster = read(&Bundle::at(&path).unwrap()).unwrap();
        std::fs::remove_file(path).unwrap();
        assert!(roster.is_complete);
        let rows: Vec<_> = roster.rows.into_iter().map(|(line, row)| (line, row.unwrap())).collect();
        let shown: Vec<_> = rows
            .iter()
            .map(|(line, row)| (*line, row.external_id.as_deref().unwrap(), &row.display_name[..]))
            .collect();
        assert_eq!(shown, [(2, "u1", "José Rossi"), (3, "u2", "May Okoro"), (4, "u3", "Leo Brandt")]);
        let rest: Vec<_> = rows.iter().map(|(_, row)| (row.grade, row.cohort.as_deref(), row.status)).collect();
        let (active, blocked) = (Some(StudentStatus::Active), Some(StudentStatus::Blocked));
        assert_eq!(rest, [(Some(5), Some("Period 3 math"), active), (Some(0), None, active), (Some(7), None, blocked)]);
        assert_eq!(rows[1].1.phones[0].as_str(), "+14155550143");
    }
}
