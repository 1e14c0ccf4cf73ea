//! Earlier versions of the profile.

use maud::{Markup, html};
use storage::student::{StudentStatus, StudentVersion};

use crate::parts::grade;
use crate::viewer::Viewer;

/// Renders nothing if the profile was never changed.
pub(super) fn list(viewer: &Viewer, versions: &[StudentVersion]) -> Markup {
    html! {
        @if !versions.is_empty() {
            details {
                summary.sm { "Earlier versions" }
                ul.stack.tight { @for version in versions {
                    li.sm {
                        span.faint { "Until " (viewer.time(version.valid_to)) ": " }
                        (words(version))
                    }
                } }
            }
        }
    }
}

fn words(version: &StudentVersion) -> String {
    let mut words = vec![version.display_name.clone()];
    words.extend(grade(version.grade));
    words.extend(version.cohort.clone());
    words.extend([version.locale.clone(), version.timezone.clone()]);
    if version.status == StudentStatus::Blocked {
        words.push("assistants get no data".to_owned());
    }
    words.extend(version.guidance.as_ref().map(|guidance| format!("guidance “{guidance}”")));
    words.join(", ")
}
