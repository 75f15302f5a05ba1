"""Every version of the policy says what the revised rules read: the groups and fields they added, with the published
values. What a version says already stays.

Locks: `policy` has a row for each version, which nobody changes; they are written in an instant. A process of the
former release ignores what it does not know, but a version that it adds would lack these groups: none is added until it
is replaced.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""UPDATE policy SET content = ('{"requests": {"months_ahead": 36}, "support": {"answer_days": 60},
        "attendance": {"correction_days": 30,
            "valid_absence_motives": ["medical_certificate", "force_majeure", "employer_need"]}
    }'::jsonb || content::jsonb || jsonb_build_object(
        'over_quota', '{"remind_days": 7}'::jsonb || (content::jsonb -> 'over_quota'),
        'initial_training', '{"enter_within_months": null, "unjustified_absence_counts": false}'::jsonb
            || (content::jsonb -> 'initial_training')
    ))::json""")


def downgrade() -> None:
    op.execute("""UPDATE policy SET content = (content::jsonb - 'requests' - 'support' - 'attendance'
        #- '{over_quota,remind_days}' #- '{initial_training,enter_within_months}'
        #- '{initial_training,unjustified_absence_counts}')::json""")
