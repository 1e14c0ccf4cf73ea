-- What analyses flag, under its own name: neglect, grooming and danger beside the categories of 0009.
alter table follow_ups
    drop constraint follow_ups_category_check,
    add constraint follow_ups_category_check check (category in
        ('self_harm', 'abuse', 'neglect', 'bullying', 'grooming', 'danger', 'distress', 'personal_data', 'other'));
