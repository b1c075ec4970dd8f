"""`python -m reconciler.pipelines JOB`: what the steps of the shipped pipelines call.

Effects: those of the job.
"""

import sys

from reconciler.pipelines.job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
