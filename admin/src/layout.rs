//! The frame of every page: head, navigation, top bar and footer.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use storage::nav_counts;
use storage::outage::{Dependency, Outage};

use crate::assets::{self, Asset};
use crate::auth::Admin;
use crate::figures;
use crate::parts::csrf;
use crate::parts::icon::{icon, icon_large, icon_small, logo};
use crate::parts::notice::{Tone, notice_with};
use crate::parts::table::ROWS_ID;
use crate::viewer::Theme;

/// The id of the list of suggestions below the search field.
pub(crate) const SUGGESTIONS_ID: &str = "suggestions";

/// The part of the navigation that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Today,
    Overview,
    Search,
    Sessions,
    Students,
    Curriculum,
    Analytics,
    Jobs,
    Clients,
    Webhooks,
    Users,
    Tools,
    Connections,
    Organisation,
    Erasures,
    Audit,
    Account,
}

impl Place {
    const MAIN: [Self; 7] =
        [Self::Today, Self::Overview, Self::Sessions, Self::Students, Self::Curriculum, Self::Analytics, Self::Jobs];
    /// Parts shown on a phone. The rest is behind "More".
    const TABS: [Self; 4] = [Self::Today, Self::Sessions, Self::Students, Self::Jobs];
    const SETTINGS: [Self; 8] = [
        Self::Connections,
        Self::Organisation,
        Self::Clients,
        Self::Webhooks,
        Self::Users,
        Self::Tools,
        Self::Erasures,
        Self::Audit,
    ];

    /// Returns the part that an address belongs to.
    pub(crate) fn of(path: &str) -> Self {
        let all = Self::MAIN.into_iter().chain(Self::SETTINGS).chain([Self::Search, Self::Account]);
        let mut parts = all.filter(|place| *place != Self::Overview);
        parts.find(|place| path.starts_with(place.path())).unwrap_or(Self::Overview)
    }

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Today => "/today",
            Self::Overview => "/",
            Self::Search => "/search",
            Self::Sessions => "/sessions",
            Self::Students => "/students",
            Self::Curriculum => "/curriculum",
            Self::Analytics => "/analytics",
            Self::Jobs => "/jobs",
            Self::Clients => "/settings/clients",
            Self::Webhooks => "/settings/webhooks",
            Self::Users => "/settings/users",
            Self::Tools => "/settings/tools",
            Self::Connections => "/settings/connections",
            Self::Organisation => "/settings/organisation",
            Self::Erasures => "/settings/erasures",
            Self::Audit => "/settings/audit",
            Self::Account => "/account",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Today => "Today",
            Self::Overview => "Overview",
            Self::Search => "Search",
            Self::Sessions => "Sessions",
            Self::Students => "Students",
            Self::Curriculum => "Curriculum",
            Self::Analytics => "Analytics",
            Self::Jobs => "Jobs",
            Self::Clients => "API clients",
            Self::Webhooks => "Outgoing webhooks",
            Self::Users => "Users and roles",
            Self::Tools => "Tool calls",
            Self::Connections => "Connections",
            Self::Organisation => "Organisation",
            Self::Erasures => "Erasures",
            Self::Audit => "Audit log",
            Self::Account => "Your account",
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Self::Today => "calendar-clock",
            Self::Overview => "layout-dashboard",
            Self::Search => "search",
            Self::Sessions => "phone-call",
            Self::Students => "users",
            Self::Curriculum => "book-open",
            Self::Analytics => "chart-column",
            Self::Jobs => "layers",
            Self::Clients => "key-round",
            Self::Webhooks => "globe",
            Self::Users => "shield-check",
            Self::Tools => "wrench",
            Self::Connections => "radio",
            Self::Organisation => "settings",
            Self::Erasures => "trash-2",
            Self::Audit => "scroll-text",
            Self::Account => "user-round",
        }
    }
}

/// A page inside the dashboard.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) admin: &'a Admin,
    pub(crate) place: Place,
    /// The title of the browser tab and the last breadcrumb.
    pub(crate) title: &'a str,
    /// The stream of a live page.
    pub(crate) events: Option<Stream<'a>>,
}

/// A page inside the dashboard.
pub(crate) fn page(admin: &Admin, place: Place, title: &str, body: Markup) -> Markup {
    Page { admin, place, title, events: None }.render(body)
}

/// The address of a page's stream, and the mark of the content that the page shows.
#[derive(Debug)]
pub(crate) struct Stream<'a> {
    url: &'a str,
    mark: String,
}

impl Stream<'_> {
    fn url_after(&self) -> String {
        let sign = if self.url.contains('?') { '&' } else { '?' };
        format!("{}{sign}shown={}", self.url, self.mark)
    }
}

/// Renders a live page. `shown` is the part of `body` that its stream replaces.
pub(crate) fn live_page(admin: &Admin, place: Place, title: &str, url: &str, shown: &Markup, body: Markup) -> Markup {
    Page { admin, place, title, events: Some(Stream { url, mark: mark(shown) }) }.render(body)
}

impl Page<'_> {
    fn render(&self, body: Markup) -> Markup {
        let viewer = &self.admin.viewer;
        if self.admin.must_set_up {
            return document(self.title, viewer.theme, false, self.shut(body));
        }
        document(
            self.title,
            viewer.theme,
            viewer.has_shortcuts,
            html! {
                a.skip href="#main" { "Skip to content" }
                @if body.0.contains(&format!("id=\"{ROWS_ID}\"")) { a.skip href={ "#" (ROWS_ID) } { "Skip to the list" } }
                div.app {
                    div.side { (self.side()) }
                    div.page {
                        header.top { (self.top()) }
                        main id="main" tabindex="-1" { (degraded(self.admin)) (body) }
                        footer.foot {
                            span { "AI Tutor " (env!("CARGO_PKG_VERSION")) }
                            span { "Times in " a.link href="/account" { (viewer.zone.name()) } }
                        }
                    }
                }
                (self.tabbar())
                (shortcuts_help())
            },
        )
    }

    /// Renders the page for a person who must set up a second factor first. It has no navigation.
    fn shut(&self, body: Markup) -> Markup {
        html! {
            main.bare id="main" {
                div.brand { (logo()) "AI Tutor" }
                (body)
                form.row method="post" action="/logout" {
                    (csrf(self.admin))
                    span.sm.muted.grow { (self.admin.email) }
                    button.btn.small { (icon("log-out")) "Sign out" }
                }
            }
        }
    }

    fn side(&self) -> Markup {
        html! {
            nav.nav aria-label="Main" {
                a.brand href="/" { (logo()) "AI Tutor" }
                @for place in Place::MAIN { @if self.is_for(place) { (self.nav_link(place)) } }
            }
            @if self.admin.may_manage() {
                nav.nav aria-labelledby="nav-settings" {
                    h2 id="nav-settings" { "Settings" }
                    @for place in Place::SETTINGS { (self.nav_link(place)) }
                }
            }
            div.side-foot {
                button.me type="button" popovertarget="user-menu" {
                    span.avatar aria-hidden="true" { (crate::parts::initials(&self.admin.email)) }
                    span.grow { b.clip { (self.admin.email) } span { (role_word(self.admin)) } }
                    (icon("chevrons-up-down"))
                }
                div.menu popover id="user-menu" { (self.user_menu()) }
            }
        }
    }

    /// Only people who see all students see the jobs.
    fn is_for(&self, place: Place) -> bool {
        place != Place::Jobs || self.admin.sees_all()
    }

    fn nav_link(&self, place: Place) -> Markup {
        html! {
            a href=(place.path()) aria-current=[(place == self.place).then_some("page")] {
                (icon(place.icon())) (place.name())
                @match place {
                    Place::Sessions => (count(self.admin.nav_counts.n_live, "count", "live call", "live calls")),
                    Place::Jobs => (count(self.admin.nav_counts.n_given_up, "count alert", "failed job", "failed jobs")),
                    _ => {}
                }
            }
        }
    }

    /// Returns the breadcrumbs, each with its address if it has one.
    fn crumbs(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
        let settings = Place::SETTINGS.contains(&self.place).then_some(("Settings", None));
        let place = (self.title != self.place.name()).then(|| (self.place.name(), Some(self.place.path())));
        settings.into_iter().chain(place)
    }

    fn top(&self) -> Markup {
        html! {
            a.top-brand href="/" aria-label="AI Tutor, overview" { (logo()) }
            nav aria-label="Breadcrumb" {
                ol.crumbs {
                    @for (name, path) in self.crumbs() {
                        li { @if let Some(path) = path { a href=(path) { (name) } } @else { span { (name) } } (icon_small("chevron-right")) }
                    }
                    li { span aria-current="page" { (self.title) } }
                }
            }
            // A posted form, because the text may be a phone number. A suggestion is an ordinary link.
            form.find role="search" action="/search" method="post"
                hx-post="/search" hx-target={ "#" (SUGGESTIONS_ID) } hx-swap="innerHTML" hx-sync="this:replace"
                hx-trigger="input changed delay:200ms from:#q-top" {
                (csrf(self.admin))
                label.vh for="q-top" { "Search students, sessions and transcripts" }
                (icon("search"))
                input id="q-top" name="q" type="search" placeholder="Search" autocomplete="off" maxlength="100";
                @if self.admin.viewer.has_shortcuts { kbd aria-hidden="true" { "/" } }
                div.suggestions id=(SUGGESTIONS_ID) {}
            }
            @if let Some(events) = &self.events {
                span.live-state.js-only id="live-state" role="status" data-events=(events.url) hx-sse:connect=(events.url_after()) hx-swap="none" {
                    span.dot aria-hidden="true" {}
                    span { "Connecting" }
                }
            }
        }
    }

    fn tabbar(&self) -> Markup {
        html! {
            nav.tabbar aria-label="Main, compact" {
                @for place in Place::TABS.into_iter().filter(|place| self.is_for(*place)) {
                    a href=(place.path()) aria-current=[(place == self.place).then_some("page")] {
                        (icon_large(place.icon())) (place.name())
                        @if place == Place::Jobs && self.admin.nav_counts.n_given_up > 0 { span.dot.bad { span.vh { ", some failed" } } }
                    }
                }
                button type="button" popovertarget="more-menu" { (icon_large("ellipsis")) "More" }
            }
            div.menu popover id="more-menu" {
                (menu_link(Place::Overview))
                (menu_link(Place::Curriculum))
                (menu_link(Place::Analytics))
                @if self.admin.may_manage() { @for place in Place::SETTINGS { (menu_link(place)) } }
                hr;
                (self.user_menu())
            }
        }
    }

    fn user_menu(&self) -> Markup {
        html! {
            (menu_link(Place::Account))
            button.js-only type="button" data-help { (icon("keyboard")) "Keyboard shortcuts" }
            hr;
            form method="post" action="/logout" { (csrf(self.admin)) button { (icon("log-out")) "Sign out" } }
        }
    }
}

/// Renders a count beside a link, with its noun for screen readers. Renders nothing if the count is zero.
fn count(n: i64, class: &str, one: &str, many: &str) -> Markup {
    let is_many = n >= nav_counts::MOST;
    html! {
        @if n > 0 {
            span class=(class) aria-hidden="true" { @if is_many { (nav_counts::MOST - 1) "+" } @else { (n) } }
            span.vh { ", " @if is_many { (nav_counts::MOST) " or more " (many) } @else { (figures::counted(n, one, many)) } }
        }
    }
}

fn menu_link(place: Place) -> Markup {
    html! { a href=(place.path()) { (icon(place.icon())) (place.name()) } }
}

/// Returns which dependency does not answer, and what that means for the reader.
fn degraded(admin: &Admin) -> Markup {
    html! {
        @for Outage { dependency, since } in &admin.outages {
            @let (title, text) = match dependency {
                Dependency::Faktory => ("The queue server does not answer", "Calls are stored. Their analysis continues when it is back."),
                Dependency::Llm => ("The language model does not answer", "Calls are analysed by rules for now, and again with the model when it is back."),
                Dependency::Vapi => ("VAPI’s API does not answer", "Reports that VAPI sends still arrive. Missing ones are fetched later."),
            };
            (notice_with(Tone::Warn, title, &html! { "Since " (admin.viewer.time(*since)) ". " (text) }, &html! {}))
        }
    }
}

pub(crate) fn role_word(admin: &Admin) -> &'static str {
    crate::parts::role_word(admin.role)
}

/// Renders a page without navigation, for people who are not signed in.
pub(crate) fn bare(title: &str, body: Markup) -> Markup {
    document(
        title,
        Theme::System,
        false,
        html! { main.bare id="main" { a.brand href="/" { (logo()) "AI Tutor" } (body) } },
    )
}

pub(crate) fn document(title: &str, theme: Theme, has_shortcuts: bool, body: Markup) -> Markup {
    let theme = Some(theme.as_str()).filter(|_| theme != Theme::System);
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[theme] data-shortcuts=[has_shortcuts.then_some("on")] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · AI Tutor admin" }
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=r#"{"includeIndicatorCSS":false,"history":"reload","mode":"same-origin"}"#;
                link rel="icon" href=(FAVICON);
                link rel="preload" href=(assets::url(Asset::Geist)) as="font" type="font/woff2" crossorigin;
                link rel="stylesheet" href=(assets::url(Asset::Style));
                script src=(assets::url(Asset::App)) defer {}
                script src=(assets::url(Asset::Htmx)) defer {}
                script src=(assets::url(Asset::HtmxSse)) defer {}
            }
            body { (body) }
        }
    }
}

fn shortcuts_help() -> Markup {
    html! {
        dialog.help id="help" aria-labelledby="help-title" {
            div.row { h2.grow id="help-title" { "Keyboard shortcuts" } form method="dialog" { button.btn.small { "Close" } } }
            dl.dl {
                dt { kbd { "/" } } dd { "Search" }
                dt { kbd { "g" } " then " kbd { "d" } " " kbd { "o" } " " kbd { "s" } " " kbd { "t" } " " kbd { "c" } " " kbd { "a" } " " kbd { "j" } }
                dd { "Go to today, overview, sessions, students, curriculum, analytics, jobs" }
                dt { kbd { "j" } " " kbd { "k" } } dd { "Next or previous row, or turn" }
                dt { kbd { "Enter" } } dd { "Open the row" }
                dt { kbd { "x" } } dd { "Tick the row" }
                dt { kbd { "1" } " " kbd { "2" } " " kbd { "3" } " " kbd { "s" } } dd { "In the review: right, wrong, not an answer, skip" }
                dt { kbd { "Space" } } dd { "Play or pause a recording" }
                dt { kbd { "?" } } dd { "This list" }
            }
        }
    }
}

const FAVICON: PreEscaped<&str> = PreEscaped(
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Ccircle cx='12' cy='12' \
     r='11' fill='%232c5aa8'/%3E%3Cpath d='M8 10v4M12 7v10M16 10v4' stroke='white' stroke-width='2' \
     stroke-linecap='round'/%3E%3C/svg%3E",
);

/// Returns a short hash of the content. If a page shows this content already, it is not sent again.
pub(crate) fn mark(shown: &Markup) -> String {
    hex::encode(&Sha256::digest(shown.0.as_bytes())[..8])
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    fn rendered(role: Role) -> String {
        page(&Admin::sample(role), Place::Sessions, "Sessions", html! { p { "body" } }).into_string()
    }

    #[test]
    fn settings_are_shown_to_admins_only() {
        assert!(rendered(Role::Admin).contains("/settings/clients"));
        assert!(!rendered(Role::Tutor).contains("/settings/"));
    }

    #[test]
    fn the_place_of_the_page_is_marked_for_screen_readers() {
        assert!(rendered(Role::Viewer).contains(r#"<a href="/sessions" aria-current="page">"#));
    }

    #[test]
    fn nothing_is_inline_that_the_content_security_policy_forbids() {
        let page = rendered(Role::Admin);
        assert!(!page.contains("style=") && !page.contains("onclick") && !page.contains("<style"));
        assert!(!page.contains("<script>"));
    }

    #[test]
    fn a_stream_is_told_what_is_shown_already() {
        let shown = html! { p { "84" } };
        let render = |url| live_page(&Admin::sample(Role::Viewer), Place::Sessions, "Sessions", url, &shown, html! {});
        let told = |url| format!(r#"data-events="{url}" hx-sse:connect="{url}"#);
        let (plain, narrow) = (render("/events/a").into_string(), render("/events/a?q=b").into_string());
        let mark = mark(&shown);
        assert!(plain.contains(&format!("{}?shown={mark}\"", told("/events/a"))), "{plain}");
        assert!(narrow.contains(&format!("{}&amp;shown={mark}\"", told("/events/a?q=b"))), "{narrow}");
    }

    #[test]
    fn the_foot_says_whose_time_it_is() {
        assert!(rendered(Role::Viewer).contains("America/Chicago"));
    }

    #[test]
    fn what_does_not_answer_is_said_on_every_page() {
        let mut admin = Admin::sample(storage::access::Role::Viewer);
        assert!(!page(&admin, Place::Jobs, "Jobs", html! {}).into_string().contains("does not answer"));
        admin.outages.push(Outage { dependency: Dependency::Llm, since: admin.viewer.now });
        let shown = page(&admin, Place::Jobs, "Jobs", html! {}).into_string();
        assert!(shown.contains("The language model does not answer") && shown.contains("role=\"status\""), "{shown}");
    }

    #[test]
    fn the_navigation_counts_what_goes_on_and_what_waits_for_a_person() {
        let mut admin = Admin::sample(Role::Viewer);
        assert!(!page(&admin, Place::Jobs, "Jobs", html! {}).into_string().contains("class=\"count"));
        admin.nav_counts = nav_counts::NavCounts { n_live: 1, n_given_up: nav_counts::MOST };
        let shown = page(&admin, Place::Jobs, "Jobs", html! {}).into_string();
        assert!(
            shown.contains(r#"<span class="count" aria-hidden="true">1</span><span class="vh">, 1 live call<"#),
            "{shown}"
        );
        assert!(shown.contains("99+") && shown.contains("100 or more failed jobs") && shown.contains("dot bad"));
    }
}
