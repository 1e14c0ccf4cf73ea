//! Checks the counts beside the links of every page.

use secrecy::SecretString;

use super::{between, number};

pub fn check(url: &SecretString, zone: &str, page: &str) {
    let shown = between(page, r#"<nav class="nav""#, "</nav>");
    let live = number(url, "select count(*) from sessions where status = 'in_progress'", zone);
    let given_up = number(url, "select count(*) from jobs where state = 'needs_attention'", zone);
    assert!(live > 1 && shown.contains(&format!("Sessions {live} , {live} live calls")), "{shown}");
    assert!(given_up > 1 && shown.contains(&format!("Jobs {given_up} , {given_up} failed jobs")), "{shown}");
}
