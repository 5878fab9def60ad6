"""A third-party warehouse that exchanges files: CSV or X12, over SFTP, S3, mail or a folder."""
