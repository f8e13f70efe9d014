"""Many networks of one kind trained by one program: all seeds at once, the seeds on the last axis.

An ensemble is made with the options of the implementation it stands for and a list of seeds; member `i` starts where
the single model of seed `i` starts and takes the same steps, to rounding (see :mod:`xorbench.measure.ensemble`).
"""
