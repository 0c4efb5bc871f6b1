"""What the button of the job queue's page does, for every parked job."""

from yingheng.cli import platform

if __name__ == "__main__":
    platform.start()
    from yingheng.audit.actor import Actor
    from yingheng.jobs.models import Job
    from yingheng.jobs.services import job_retry

    for job in Job.objects.filter(state="parked"):
        job_retry(actor=Actor("system:test", "test"), job=job)
