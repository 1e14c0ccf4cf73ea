-- What reports to guardians call the school. None: they name no school.
alter table organisation
    add column school_name text check (char_length(school_name) between 1 and 100);
