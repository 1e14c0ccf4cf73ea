//! The files of a crate must not depend on each other in a cycle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{files, root};

/// The crates that are checked.
const CRATES: [&str; 10] = [
    "admin",
    "mcp-server",
    "worker",
    "worker/analyser",
    "shared/domain",
    "shared/storage",
    "shared/queue",
    "shared/web",
    "shared/vapi",
    ".",
];

type Module = Vec<String>;

fn parts(path: &str) -> Module {
    path.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Returns all paths of a `use` tree, such as `crate::{a, b::{self, c}}`.
fn flatten(tree: &str) -> Vec<Module> {
    let Some((front, rest)) = tree.split_once('{') else { return vec![parts(tree)] };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut branches, mut depth) = (vec![String::new()], 0);
    for c in inner.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 {
            branches.push(String::new());
        } else {
            branches.last_mut().unwrap().push(c);
        }
    }
    let branches = branches.iter().filter(|branch| !branch.trim().is_empty());
    branches.flat_map(|branch| flatten(branch)).map(|path| [parts(front), path].concat()).collect()
}

/// Returns the module in whose file a path of `module` ends, or `None` if it leaves the crate.
fn target(path: &[String], module: &Module, modules: &BTreeSet<Module>) -> Option<Module> {
    let n_up = path.iter().take_while(|part| *part == "super").count();
    let mut place: Module = match path.first()?.as_str() {
        "crate" => path[1..].to_vec(),
        "self" => [&module[..], &path[1..]].concat(),
        "super" => [&module[..module.len().checked_sub(n_up)?], &path[n_up..]].concat(),
        _ => return None,
    };
    while !modules.contains(&place) {
        place.pop()?;
    }
    Some(place)
}

/// Returns the modules that each module uses, without its own children, which it always names.
fn needs(source: &Path) -> BTreeMap<Module, BTreeSet<Module>> {
    let mut paths = Vec::new();
    files(source, "rs", &mut paths);
    let name = |path: &Path| {
        let relative = path.strip_prefix(source).unwrap().with_extension("");
        let module: Module = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if ["lib", "main"].contains(&&module[0][..]) { Module::new() } else { module }
    };
    let modules: BTreeSet<Module> = paths.iter().map(|path| name(path)).collect();
    let mut needs = BTreeMap::<Module, BTreeSet<Module>>::new();
    for path in paths {
        let (module, text) = (name(&path), std::fs::read_to_string(&path).unwrap());
        let text = text.split("#[cfg(test)]\nmod").next().unwrap_or_default();
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let code = code.join("\n");
        let uses = code.split("use ").skip(1).filter_map(|rest| rest.split_once(';'));
        let uses = uses.flat_map(|(tree, _)| flatten(tree));
        let inline = code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        let inline = inline.filter(|path| path.contains("::")).map(parts);
        let found = uses.chain(inline).filter_map(|path| target(&path, &module, &modules));
        let found: Vec<Module> = found.filter(|other| !other.starts_with(&module)).collect();
        needs.entry(module).or_default().extend(found);
    }
    needs
}

#[test]
fn no_files_need_each_other_in_a_circle() {
    for member in CRATES {
        let mut left = needs(&root().join(member).join("src"));
        assert!(left.len() > 5, "{member} is where this test looks");
        // Removes modules that use no remaining module. Only cycles are left.
        loop {
            let is_free = |needed: &BTreeSet<Module>| !needed.iter().any(|other| left.contains_key(other));
            let free: Vec<Module> =
                left.iter().filter(|(_, needed)| is_free(needed)).map(|(module, _)| module.clone()).collect();
            if free.is_empty() {
                break;
            }
            left.retain(|module, _| !free.contains(module));
        }
        let names: Vec<String> = left.keys().map(|module| module.join("::")).collect();
        assert!(names.is_empty(), "in {member}, these files are part of a cycle, or use one that is: {names:?}");
    }
}
