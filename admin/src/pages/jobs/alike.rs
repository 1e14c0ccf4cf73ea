//! Failed jobs grouped by reason, over all pages, with buttons for a whole group.

use maud::{Markup, html};

use super::filter::NO_REASON;
use super::{Data, Filter};
use crate::auth::Admin;
use crate::figures;
use crate::parts::icon::icon_small;

pub(super) const PATH: &str = "/jobs/alike";

pub(super) fn reasons(admin: &Admin, data: &Data) -> Markup {
    html! {
        @if !data.reasons.is_empty() {
            section.card aria-labelledby="reasons" {
                header { h2 id="reasons" { "Failed, by reason" } p { "Counts all jobs, not only those on this page." } }
                ul.list { @for of in &data.reasons {
                    @let reason = if of.reason.is_empty() { NO_REASON } else { &of.reason };
                    @let filter = Filter { kind: data.filter.kind.clone(), reason: reason.to_owned(), ..Filter::default() };
                    li.row.wrap {
                        span.grow {
                            a.main href=(filter.url()) { (figures::counted(of.n, "job", "jobs")) } ": "
                            @if of.reason.is_empty() { "without a reason" } @else { (of.reason) }
                        }
                        @if admin.may_manage() { span.row {
                            a.btn.small href=(filter.url_of(&format!("{PATH}/retry"))) { (icon_small("rotate-cw")) "Retry all" span.vh { ": " (reason) } }
                            a.btn.small.danger href=(filter.url_of(&format!("{PATH}/discard"))) { "Discard all" span.vh { ": " (reason) } }
                        } }
                    }
                } }
            }
        }
    }
}
