//! The context for the assistant: in words, and byte for byte.

use maud::{Markup, html};
use storage::student_context::StudentContext;

use crate::figures;
use crate::parts::icon::{icon, icon_small};
use crate::parts::json::json;

pub(super) fn card(context: &StudentContext) -> Markup {
    let value = serde_json::to_value(context).unwrap_or_default();
    let n_bytes = serde_json::to_string(context).map_or(0, |text| text.len());
    html! {
        section.card aria-labelledby="context" {
            header {
                h2 id="context" { "Context for the assistant" }
                p { "Answer to " code { "get_student_context" } " if the student called now" }
                div.actions {
                    span.faint { (figures::count(n_bytes as i64)) " bytes, about " (figures::count(context.n_tokens() as i64)) " tokens" }
                    button.btn.small.js-only type="button" data-copy="#context-json" { (icon_small("copy")) span { "Copy JSON" } }
                }
            }
            div.two-col-json {
                div.brief { (words(context)) }
                div {
                    pre.code id="context-json" tabindex="0" role="region" aria-label="JSON answer to get_student_context" { (json(&value)) }
                }
            }
        }
    }
}

fn words(context: &StudentContext) -> Markup {
    let part = |title: &str, body: Markup| html! { div { h3 { (title) } (body) } };
    let list = |items: &[String]| html! { ul.bul { @for item in items { li { (item) } } } };
    html! {
        (part("It begins with", html! { p.say-s { "“" (context.say_first) "”" } }))
        (part("Who", html! { p { (context.note) } }))
        @if let Some(call) = &context.last_call {
            (part("Last time", html! {
                p { (call.summary) }
                @if !call.open.is_empty() { (list(&call.open)) }
            }))
        }
        @if let Some(plan) = &context.plan {
            (part("Plan", html! {
                p { (plan.goal) }
                ol.plan { @for step in &plan.today { li { span { (step) } } } }
                p.sm.faint { "Stops when: " (plan.stop_when) }
            }))
        }
        @if !context.due.is_empty() {
            (part("To practise", html! { ul.bul { @for skill in &context.due { li {
                (skill.skill) span.faint { ", " (skill.state.as_str()) ", due " (skill.due) }
                @if let Some(ask) = &skill.ask { br; span.say-s { "“" (ask) "”" } }
            } } } }))
        }
        @if !context.watch.is_empty() {
            (part("Watch for", html! { ul.bul { @for belief in &context.watch { li {
                (belief.belief) span.faint { ", " (figures::counted(i64::from(belief.seen), "call", "calls")) }
            } } } }))
        }
        @if !context.how.is_empty() { (part("How to teach", list(&context.how))) }
        @if !context.strong.is_empty() { (part("Strong in", list(&context.strong))) }
        @if !context.facts.is_empty() { (part("What the student said", list(&context.facts))) }
        p.sm.faint.row.top-align { (icon("lock")) span { "Never included: surname, phone number, notes for staff only." } }
    }
}
