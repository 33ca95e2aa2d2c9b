# The image of a project: its files on top of the binary. Copy this file into a project of your own; what the schema and the
# resolvers consist of is all that it needs (no seeds, no tests).
#
#   docker build --tag syncline .                                     # once, in Syncline's repository
#   docker build --tag shop --file deploy/project.Dockerfile .

FROM syncline
COPY syncline.yaml schema.graphql ./
COPY resolvers resolvers
