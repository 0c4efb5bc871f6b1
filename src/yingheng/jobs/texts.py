"""Words of this app's errors and of the reasons why a job was parked."""

from django.utils.translation import gettext_lazy as _

ERROR_TEXTS = {
    "jobs.not_found": _("This job does not exist, or you have no access to it."),
    "jobs.not_parked": _("Only a parked job can be tried again."),
}

#: A parked job's `error` begins with one of these words and a colon when the engine itself gave up on it.
GIVEN_UP = {
    "worker_lost": _("The worker process ended or stopped answering while it ran this job."),
    "time_limit": _("It took longer than the time limit."),
    "memory_limit": _("It needed more memory than the limit."),
    "no_route": _("This version of the program does not know what to do with this kind of job."),
}
