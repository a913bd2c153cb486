"""What is drawn of reports, comparisons, sweeps and trainings: plain records, before any format."""
