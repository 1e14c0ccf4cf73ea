-- Which students a tutor or a viewer sees at the dashboard.

alter table admin_users
    -- The cohorts. Null: all students, and calls that are nobody's. Users of before see all, as they did.
    add column cohorts text[] check (array_position(cohorts, null) is null and cardinality(cohorts) <= 200);
