//! Project rules that are checked automatically.

mod cycles;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::processes::binary;

/// Which crates each crate may use. Crates that are not listed use no other crate of the workspace.
const MAY_USE: [(&str, &[&str]); 9] = [
    ("mcp-server", &["domain", "queue", "storage", "vapi", "web"]),
    ("worker", &["analyser", "domain", "queue", "storage", "vapi", "web"]),
    ("worker/analyser", &["domain"]),
    ("admin", &["analyser", "domain", "queue", "storage", "vapi", "web"]),
    ("shared/vapi", &["domain", "storage", "web"]),
    ("shared/web", &["domain", "storage"]),
    ("shared/queue", &["domain", "storage"]),
    ("shared/storage", &["domain"]),
    ("shared/domain", &[]),
];

/// Heavy dependencies, and the crates that may name them.
const OWNERS: [(&str, &[&str]); 6] = [
    ("sqlx", &["shared/storage", "shared/queue"]),
    ("rmcp", &["mcp-server"]),
    ("faktory", &["worker"]),
    ("opentelemetry_sdk", &["shared/web"]),
    ("lettre", &["worker"]),
    ("maud", &["admin"]),
];

const FORBIDDEN_NAMES: [&str; 6] = ["utils", "helpers", "common", "misc", "types", "models"];

/// The most lines that a source file may have before its tests.
const MAX_LINES: usize = 1000;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Collects all files below `folder` with that extension.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in [
        "src",
        "shared/storage",
        "shared/queue",
        "shared/web",
        "shared/vapi",
        "mcp-server/src",
        "worker/src",
        "worker/analyser",
        "shared/domain",
        "admin/src",
        "tests",
        "fuzz/fuzz_targets",
    ] {
        files(&root().join(folder), "rs", &mut found);
    }
    assert!(found.len() > 40, "the sources are where this test looks");
    found
}

fn dependencies(member: &str) -> Vec<String> {
    let manifest = std::fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap();
    let lines = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let entries = lines.take_while(|line| !line.starts_with('['));
    entries
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_dependency_rule_holds() {
    for (member, allowed) in MAY_USE {
        for path in ["ai-tutor"].into_iter().chain(MAY_USE.map(|(member, _)| member)) {
            let other = path.rsplit('/').next().unwrap_or(path);
            let uses = dependencies(member).iter().any(|name| name == other);
            assert!(!uses || allowed.contains(&other), "{member} may not use {other}: see ARCHITECTURE.md");
        }
    }
}

#[test]
fn heavy_dependencies_stay_with_their_owners() {
    for (dependency, owners) in OWNERS {
        for (member, _) in MAY_USE {
            let uses = dependencies(member).iter().any(|name| name == dependency);
            assert_eq!(
                uses,
                owners.contains(&member),
                "{dependency} belongs to {owners:?}; look at {member}/Cargo.toml"
            );
        }
        assert!(!dependencies(".").iter().any(|name| name == dependency), "the root package does not use {dependency}");
    }
}

#[test]
fn no_file_is_a_junk_drawer() {
    for path in sources() {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(!FORBIDDEN_NAMES.contains(&&stem[..]), "{} names nothing: name the noun or the verb", path.display());
        assert!(stem != "mod", "{}: write foo.rs beside foo/", path.display());
    }
}

#[test]
fn no_file_is_long() {
    for path in sources() {
        let text = std::fs::read_to_string(&path).unwrap();
        let n_lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
        assert!(n_lines <= MAX_LINES, "{} has {n_lines} lines before its tests: it is two nouns", path.display());
    }
}

#[test]
fn every_source_file_says_what_it_is_for() {
    for path in sources() {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//!"), "{} begins with a sentence on what it is for", path.display());
    }
}

/// Returns true for GET routes that are not pages: files, redirects, and fragments that a page fetches.
fn is_file(route: &str) -> bool {
    route.starts_with("/events/")
        || route.ends_with("/recording")
        || route == "/curriculum/export"
        // Redirects to the sign-in provider and back.
        || route.starts_with("/login/provider")
        || route.rsplit('/').next().is_some_and(|last| last.contains('.'))
}

/// Returns the pages in a browser script, without queries. Placeholders keep their braces.
fn pages_of(script: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join("tests/browser").join(script)).unwrap();
    let quoted = text.split(['"', '`']).filter(|part| part.starts_with('/'));
    quoted.map(|page| page.split([' ', '?']).next().unwrap().to_owned()).collect()
}

/// Returns true if a page's address matches this route: `{…}` matches any part.
fn is_of_route(page: &str, route: &str) -> bool {
    let (page, route): (Vec<_>, Vec<_>) = (page.split('/').collect(), route.split('/').collect());
    page.len() == route.len()
        && page.iter().zip(route).all(|(part, asked)| *part == asked || (asked.starts_with('{') && !part.is_empty()))
}

#[test]
fn every_page_is_checked_in_a_browser_and_has_its_picture() {
    let router = std::fs::read_to_string(root().join("admin/src/lib.rs")).unwrap();
    let routes: Vec<&str> = router
        .split(".route(")
        .filter(|route| route.contains("get("))
        .filter_map(|route| route.trim_start().strip_prefix('"')?.split('"').next())
        .filter(|route| !is_file(route))
        .collect();
    assert!(routes.len() >= 30, "the routes are where this test looks: {routes:?}");
    for script in ["dashboard.mjs", "screenshots.mjs"] {
        let pages = pages_of(script);
        for route in &routes {
            // A fixed page, such as `/students/new`, does not match `/students/{student_id}`.
            let mut of_route = pages.iter().filter(|page| page == route || !routes.contains(&page.as_str()));
            assert!(of_route.any(|page| is_of_route(page, route)), "{script} opens no page of {route}");
        }
    }
}

/// A released migration never changes, not even a comment: databases that have it would refuse to migrate. Add a new
/// one, and its line to the list with the release.
#[test]
fn released_migrations_never_change() {
    let list = std::fs::read_to_string(root().join("tests/fixtures/migrations.sha256")).unwrap();
    assert!(list.lines().count() >= 26, "none is taken off the list");
    for line in list.lines() {
        let (sum, name) = line.split_once("  ").expect("lines as sha256sum writes them");
        let path = root().join("migrations").join(name);
        let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(hex::encode(Sha256::digest(text)), sum, "{name} was released and has changed: add another");
    }
}

#[test]
fn migrations_are_numbered_without_gaps() {
    let mut found = Vec::new();
    files(&root().join("migrations"), "sql", &mut found);
    found.sort();
    for (i, path) in found.iter().enumerate() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.starts_with(&format!("{:04}_", i + 1)), "{name} is not number {}", i + 1);
    }
}

/// Returns the quoted names of settings in a text: capitals, digits and underscores between two marks.
fn settings_in(text: &str, mark: char) -> std::collections::BTreeSet<String> {
    let is_setting = |name: &&str| {
        name.len() > 3
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    text.split(mark).filter(is_setting).map(str::to_owned).collect()
}

#[test]
fn the_readme_names_every_setting_and_no_other() {
    let mut sources = Vec::new();
    files(&root().join("shared/web/src/config"), "rs", &mut sources);
    let mut known = BTreeSet::new();
    for path in sources {
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
        known.extend(settings_in(&text, '"'));
    }
    known.extend(["AI_TUTOR_DATA_DIR", "LOG_FORMAT", "OTEL_SERVICE_NAME", "RUST_LOG"].map(str::to_owned));
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut named = settings_in(&readme, '`');
    // Named in a table row together with its value.
    named.insert("QUEUE".to_owned());
    assert!(known.len() > 40, "the settings are where this test looks");
    let undocumented: Vec<_> = known.difference(&named).collect();
    assert!(undocumented.is_empty(), "README does not name {undocumented:?}");
    let unknown: Vec<_> = named.difference(&known).collect();
    assert!(unknown.is_empty(), "README names settings that nothing reads: {unknown:?}");
}

/// Returns the texts between back-ticks in a document.
fn names_in(document: &str) -> impl Iterator<Item = &str> {
    document.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

fn is_path(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["js", "md", "rs", "toml", "yml"].contains(&ending) && !name.contains(char::is_whitespace)
}

/// A test has at least four words, unlike a column or a setting.
fn is_test(name: &str) -> bool {
    name.matches('_').count() >= 3 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[test]
fn documents_on_security_name_files_and_tests_that_exist() {
    let code: String = sources().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for document in ["docs/threat-model.md", "docs/asvs.md"] {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        let (paths, tests) =
            (names_in(&text).filter(|name| is_path(name)), names_in(&text).filter(|name| is_test(name)));
        let (paths, tests): (Vec<_>, Vec<_>) = (paths.collect(), tests.collect());
        assert!(paths.len() > 40 && tests.len() > 20, "{document}: the names are where this test looks");
        for path in paths {
            assert!(root().join(path).exists(), "{document} names {path}, which does not exist");
        }
        for test in tests {
            assert!(code.contains(&format!("fn {test}(")), "{document} names the test {test}, which does not exist");
        }
    }
}

#[test]
fn the_table_of_requirements_is_counted_right() {
    let text = std::fs::read_to_string(root().join("docs/asvs.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
    let rows: Vec<&str> = rows.filter(|row| row.starts_with(|c: char| c.is_ascii_digit())).collect();
    let count = |judged: &str| rows.iter().filter(|row| row.split(" | ").nth(3) == Some(judged)).count();
    let (met, partly, not_met) = (count("met"), count("partly"), count("not met"));
    assert_eq!(met + partly + not_met, rows.len(), "a requirement is met, partly or not met");
    let sum = format!("| both | {met} | {partly} | {not_met} | {} |", rows.len());
    assert!(text.contains(&sum), "docs/asvs.md does not say {sum}");
}

#[test]
fn the_api_document_names_every_operation_tool_and_scope() {
    let document = std::fs::read_to_string(root().join("docs/api.md")).unwrap();
    let openapi = mcp_server::api::openapi();
    let mut rows = BTreeSet::new();
    for (path, methods) in openapi["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters") {
            // None: it needs no bearer.
            let needed = operation["security"].get(0).map_or("none".to_owned(), |of| {
                let scopes = of["bearer"].as_array().unwrap().iter();
                format!("`{}`", scopes.map(|scope| scope.as_str().unwrap()).collect::<Vec<_>>().join(" "))
            });
            rows.insert(format!("| `{} {path}` | {needed} |", method.to_uppercase()));
        }
    }
    rows.extend(mcp_server::tools::TOOLS.iter().map(|tool| format!("| `{}` | `{}` |", tool.name, tool.scopes)));
    let scopes = storage::access::Scope::ALL.into_iter().chain([storage::access::Scope::OwnRead]);
    rows.extend(scopes.map(|scope| format!("| `{}` |", scope.as_str())));
    let missing: Vec<_> = rows.iter().filter(|row| !document.contains(&format!("\n{row}"))).collect();
    assert!(missing.is_empty(), "docs/api.md lacks {missing:#?}");
    let named = document.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(named, rows.len(), "docs/api.md has rows that the program does not know");
}

/// Returns the commands of the binary that begin with `so_far`, as a person types them.
fn commands(so_far: &[&str]) -> Vec<String> {
    let output = std::process::Command::new(binary("ai-tutor")).args(so_far).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return vec![so_far.join(" ")] };
    // A command is indented by two spaces, the rest of its description by more.
    let names = list.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
    let names = names.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(' ').next());
    let below = names.filter(|name| *name != "help").flat_map(|name| commands(&[so_far, &[name]].concat()));
    below.collect()
}

#[test]
fn the_readme_names_every_command() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let all = commands(&[]);
    assert!(all.len() > 30, "{all:?}");
    let is_named = |command: &String| {
        // The README names `set-code` in full, and `unlock-code` after it, "with the same".
        let last = command.split(' ').next_back().unwrap();
        readme.contains(&format!("`{command}"))
            || readme.contains(&format!("`{last}`"))
            || readme.contains(&format!(", `{command}"))
    };
    let missing: Vec<_> = all.iter().filter(|command| !is_named(command)).collect();
    assert!(missing.is_empty(), "README does not name {missing:?}");
}

/// Words that make a text read like a translation, and what to write instead.
const WORDS: [(&str, &str); 14] = [
    ("anew", "again"),
    ("whoever", "the person who, or the actor's name"),
    ("whatever", "any, or the noun"),
    ("nobody", "no one, or the actor's name"),
    ("somebody", "someone, or the actor's name"),
    ("mended", "fixed"),
    ("mend", "fix"),
    ("goes on", "continues"),
    ("stands", "is"),
    ("told", "informed, or an active verb"),
    ("whom", "a sentence without it"),
    ("of its own", "a separate"),
    ("by itself", "automatically"),
    ("as it were", "a sentence without it"),
];

/// Folders with texts that children and tutors say. Only their comments are checked.
const SPEECH: [&str; 2] = ["worker/analyser/", "shared/domain/"];

/// Files that quote these words as speech, or as names in other programs.
const QUOTING: [&str; 7] = [
    "fuzz/fuzz_targets/mcp_frame.rs",
    "mcp-server/src/mcp.rs",
    "shared/storage/src/message/alert.rs",
    "src/local_postgres/programs.rs",
    "worker/src/enrich/hostile.rs",
    "worker/src/eval/injections/",
    "docs/analysis.md",
];

/// Returns the comment of a line, and its string literals if `with_strings`. `told` as a value is a kind of help.
fn prose(line: &str, with_strings: bool) -> String {
    let (code, comment) = line.split_once("//").unwrap_or((line, ""));
    let strings = code.split('"').skip(1).step_by(2).filter(|text| with_strings && *text != "told");
    // Quotes in a comment are examples of speech, so they are left out.
    strings.chain(comment.split('"').step_by(2)).collect::<Vec<_>>().join(" ")
}

#[test]
fn plain_words_alone_are_used() {
    let mut paths: Vec<PathBuf> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "dev", "Cargo.toml"]
            .map(|name| root().join(name))
            .to_vec();
    for (folder, ending) in [("docs", "md"), ("deploy", "yaml"), ("deploy", "yml"), ("tests/browser", "mjs")] {
        files(&root().join(folder), ending, &mut paths);
    }
    paths.extend(sources());
    let mut found = Vec::new();
    for path in paths {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        if QUOTING.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let is_code = path.extension().is_some_and(|extension| extension == "rs" || extension == "mjs");
        let mut is_test = name.contains("tests") || SPEECH.iter().any(|start| name.starts_with(start));
        for (i, line) in text.lines().enumerate() {
            is_test |= line == "#[cfg(test)]";
            let line = if is_code { prose(line, !is_test) } else { line.replace("*told*", "") };
            let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '`';
            let words: Vec<String> =
                line.split(|c| !is_word(c)).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
            let line = format!(" {} ", words.join(" "));
            let bad = WORDS.iter().filter(|(word, _)| line.contains(&format!(" {word} ")));
            found.extend(bad.map(|(word, better)| format!("{name}:{}: “{word}”: write {better}", i + 1)));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Returns the lines of public functions and types without a doc comment.
fn undocumented(text: &str) -> Vec<usize> {
    const ITEMS: [&str; 6] = ["pub fn ", "pub const fn ", "pub async fn ", "pub struct ", "pub enum ", "pub trait "];
    let (mut has_doc, mut is_in_attribute, mut found) = (false, false, Vec::new());
    for (i, line) in text.split("#[cfg(test)]\n").next().unwrap_or_default().lines().enumerate() {
        let line = line.trim_start();
        if is_in_attribute || line.starts_with("#[") {
            is_in_attribute = !line.ends_with(']');
            continue;
        }
        if ITEMS.iter().any(|item| line.starts_with(item)) && !has_doc {
            found.push(i + 1);
        }
        has_doc = ["///", "$(#[$doc"].iter().any(|doc| line.starts_with(doc));
    }
    found
}

#[test]
fn what_is_public_says_what_it_is() {
    let text = "/// One.\n#[derive(\n    Debug,\n)]\npub struct A;\n\n#[must_use]\npub fn b() {}\n";
    assert_eq!(undocumented(text), [8]);
    for folder in ["shared", "mcp-server/src", "worker/src", "worker/analyser/src", "admin/src"] {
        let mut paths = Vec::new();
        files(&root().join(folder), "rs", &mut paths);
        for path in paths.iter().filter(|path| !path.components().any(|part| part.as_os_str() == "tests")) {
            let lines = undocumented(&std::fs::read_to_string(path).unwrap());
            assert!(lines.is_empty(), "{}: lines {lines:?} need a doc comment", path.display());
        }
    }
}
