"""The plug-ins of `evaluate`; `functions.py` says how to read a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from detectionary.languages.kusto.functions import Columns, Function, Result, by_name, function

PLUGINS: Final[Mapping[str, Function]] = by_name(
    (
        function(
            "active_users_count",
            (
                "IdColumn:not_dynamic@column TimelineColumn:summable@column Start:summable@constant "
                "End:summable@constant LookbackWindow:summable@constant Period:summable@constant "
                "ActivePeriods:summable@constant Step:summable@constant Dimension:not_dynamic@column*",
                Columns("=TimelineColumn =Dimension dcount:long"),
            ),
        ),
        function(
            "activity_counts_metrics",
            (
                "IdColumn:not_dynamic@column TimelineColumn:summable@column Start:summable@constant "
                "End:summable@constant Step:summable@constant Dimension:not_dynamic@column*",
                Columns("=TimelineColumn =Dimension count:long dcount:long new_dcount:long aggregated_dcount:long"),
            ),
        ),
        function(
            "activity_engagement",
            (
                "IdColumn:not_dynamic@column TimelineColumn:summable@column "
                "InnerActivityWindow:summable@constant OuterActivityWindow:summable@constant",
                Columns(
                    "=TimelineColumn =Dimension dcount_activities_inner:long dcount_activities_outer:long "
                    "activity_ratio:real"
                ),
            ),
            (
                "IdColumn:not_dynamic@column TimelineColumn:summable@column Start:summable@constant "
                "End:summable@constant InnerActivityWindow:summable@constant "
                "OuterActivityWindow:summable@constant Dimension:not_dynamic@column*",
                Columns(
                    "=TimelineColumn =Dimension dcount_activities_inner:long dcount_activities_outer:long "
                    "activity_ratio:real"
                ),
            ),
        ),
        function(
            "activity_metrics",
            (
                "IdColumn:scalar@column TimelineColumn:summable@column Start:summable@constant "
                "End:summable@constant Step:summable@constant Dimension:not_dynamic@column*",
                Columns(
                    "=TimelineColumn =Dimension dcount_values:long dcount_newvalues:long retention_rate:real "
                    "churn_rate:real"
                ),
            ),
            (
                "IdColumn:scalar@column TimelineColumn:summable@column Start:summable@constant? End:summable@constant?",
                Columns(
                    "=TimelineColumn =Dimension dcount_values:long dcount_newvalues:long retention_rate:real "
                    "churn_rate:real"
                ),
            ),
        ),
        function("azure_digital_twins_query_request", ("endpoint:string sql_query:string", Result.OPEN)),
        function(
            "autocluster",
            (
                "SizeWeight:real? WeightColumn:scalar@column? NumSeeds:integer? CustomWildcard:scalar*",
                Columns("SegmentId:long Count:long Percent:real *"),
            ),
        ),
        function("bag_unpack", ("column:scalar@column column_prefix:string@literal?", Result.BAG_UNPACK)),
        function(
            "basket",
            (
                "Threshold:real? WeightColumn:scalar@column? MaxDimensions:integer? CustomWildcard:scalar*",
                Columns("SegmentId:long Count:long Percent:real *"),
            ),
        ),
        function(
            "cosmosdb_sql_request",
            ("connection_string:string sql_query:string sql_parameters:bag? options:bag?", Result.OPEN),
        ),
        function("csharp", ("OutputSchema:type Script:string Arguments:bag?", Result.OUTPUT_SCHEMA)),
        function("dcount_intersect", ("hll:array+2", Result.INTERSECTIONS)),
        function(
            "diffpatterns",
            (
                "SplitColumn:scalar@column SplitValueA:string SplitValueB:string "
                "WeightColumn:scalar@column? Threshold:real? MaxDimensions:integer? "
                "CustomWildcard:scalar*",
                Columns("SegmentId:long CountA:long CountB:long PercentA:real PercentB:real PercentDiffAB:real *"),
            ),
        ),
        function("estimate_rows_count", ("", Columns("EstimatedRowsCount:long"))),
        function("execute_show_command", ("connection_string:string command:string", Result.OPEN)),
        function("execute_query", ("connection_string:string query:string", Result.OPEN)),
        function("external_datatable", ("", Result.OPEN)),
        function(
            "funnel_sequence",
            (
                "IdColumn:not_dynamic@column TimelineColumn:summable@column Start:summable@constant "
                "End:summable@constant MaxWindowSizeBetweenSteps:summable@constant Step:summable@constant "
                "StateColumn:not_dynamic@column Sequence:array@constant",
                Columns("=TimelineColumn prev:StateColumn next:StateColumn dcount:long samples:dynamic"),
            ),
        ),
        function(
            "funnel_sequence_completion",
            (
                "IdColumn:not_dynamic@column TimelineColumn:summable@column Start:summable@constant "
                "End:summable@constant BinSize:summable@constant StateColumn:not_dynamic@column "
                "Sequence:array@constant MaxSequencePeriods:array@constant",
                Columns("=TimelineColumn {StateColumn}:string Period:timespan dcount:long"),
            ),
        ),
        function(
            "http_request",
            (
                "Uri:string@constant RequestHeaders:bag? Options:bag?",
                Columns("ResponseHeaders:dynamic ResponseBody:dynamic"),
            ),
        ),
        function(
            "http_request_post",
            (
                "Uri:string@constant RequestHeaders:bag? Options:bag? Content:string@constant?",
                Columns("ResponseHeaders:dynamic ResponseBody:dynamic"),
            ),
        ),
        function("identity", ("", Columns("*"))),
        function("identity_v3", ("mode:string@constant exceptionText:string@constant", Columns("*"))),
        function("infer_storage_schema", ("Options:bag", Columns("CslSchema:string"))),
        function("infer_storage_schema_with_suggestions", ("Options:bag", Columns("SuggestedTableSchema:string"))),
        function(
            "geo_polygon_lookup",
            (
                "LookupTable:tabular LookupPolygonKey:bag@lookup SourceLongitude:scalar@column "
                "SourceLatitude:scalar@column radius:real@literal? return_unmatched:bool@literal? "
                "lookup_area_radius:real@literal? return_lookup_key:bool@literal?",
                Result.LOOKUP,
            ),
        ),
        function(
            "geo_line_lookup",
            (
                "LookupTable:tabular LookupLineKey:bag@lookup SourceLongitude:scalar@column "
                "SourceLatitude:scalar@column radius:real@literal return_unmatched:bool@literal? "
                "lookup_area_radius:real@literal? return_lookup_key:bool@literal?",
                Result.LOOKUP,
            ),
        ),
        function(
            "ipv4_lookup",
            (
                "LookupTable:tabular SourceIPv4Key:scalar@column IPv4LookupKey:scalar@lookup "
                "ExtraKey:scalar@common_column* return_unmatched:bool@literal?",
                Result.LOOKUP,
            ),
        ),
        function(
            "ipv6_lookup",
            (
                "LookupTable:tabular SourceIPv6Key:scalar@column IPv6LookupKey:scalar@lookup "
                "return_unmatched:bool@literal?",
                Result.LOOKUP,
            ),
        ),
        function("narrow", ("", Columns("Row:long Column:string Value:string"))),
        function(
            "new_activity_metrics",
            (
                "IdColumn:not_dynamic@column TimelineColumn:summable@column Start:summable@constant "
                "End:summable@constant Window:scalar Cohort:scalar@constant? "
                "Dimension:not_dynamic@column* lookback:tabular?",
                Columns(
                    "from_{TimelineColumn}:TimelineColumn to_{TimelineColumn}:TimelineColumn =Dimension "
                    "dcount_new_values:long dcount_retained_values:long dcount_churn_values:long "
                    "retention_rate:real churn_rate:real"
                ),
            ),
        ),
        function(
            "pivot",
            (
                "pivotColumn:not_dynamic@column aggregateFunction:scalar@aggregate? columnName:scalar@column*",
                Result.PIVOT,
            ),
        ),
        function("preview", ("NumberOfRows:integer", Columns("*"))),
        function("python", ("OutputSchema:type Script:string Arguments:bag? Artifacts:bag?", Result.OUTPUT_SCHEMA)),
        function("r", ("OutputSchema:type Script:string Arguments:bag?", Result.OUTPUT_SCHEMA)),
        function(
            "rolling_percentile",
            (
                "ValueColumn:summable@column Percentile:number@constant IndexColumn:summable@column "
                "BinSize:summable BinsPerWindow:integer@constant Dimension:not_dynamic@column*",
                Result.ROLLING_PERCENTILE,
            ),
        ),
        function("rows_near", ("Condition:bool NumRows:integer@constant NumRowsAfter:integer@constant?", Columns("*"))),
        function(
            "session_count",
            (
                "IdColumn:not_dynamic@column TimelineColumn:summable@column Start:summable@constant "
                "End:summable@constant Bin:summable@constant LookBackWindow:summable@constant "
                "Dimension:not_dynamic@column*",
                Columns("=TimelineColumn =Dimension count_sessions:long"),
            ),
        ),
        function(
            "sequence_detect",
            (
                "TimelineColumn:summable@column MaxSeqeunceStepWindow:summable@constant "
                "MaxSequenceSpan:summable@constant Expr:bool+ Dimension:not_dynamic@column*",
                Columns("=Dimension {Expr}_{TimelineColumn}:TimelineColumn Duration:timespan"),
            ),
        ),
        function(
            "sliding_window_counts",
            (
                "IdColumn:not_dynamic@column TimelineColumn:summable@column Start:summable@constant "
                "End:summable@constant LookBackWindow:summable@constant Step:summable@constant "
                "Dimension:not_dynamic@column*",
                Columns("=TimelineColumn =Dimension Count:long Dcount:long"),
            ),
        ),
        function(
            "sql_request", ("connection_string:string sql_query:string sql_parameters:bag? options:bag?", Result.OPEN)
        ),
        function(
            "mysql_request", ("connection_string:string sql_query:string sql_parameters:bag? options:bag?", Result.OPEN)
        ),
        function(
            "postgresql_request",
            ("connection_string:string sql_query:string sql_parameters:bag? options:bag?", Result.OPEN),
        ),
        function(
            "dax_request", ("connection_string:string dax_query:string dax_parameters:bag? options:bag?", Result.OPEN)
        ),
        function(
            "ai_embed_text",
            (
                "Text:scalar@column ConnectionString:string Options:bag? IncludeErrorMessages:bool?",
                Columns("* {Text}_embedding:dynamic"),
            ),
        ),
        function(
            "ai_chat_completion",
            (
                "Prompt:array@column ConnectionString:string Options:bag? IncludeErrorMessages:bool?",
                Columns("* {Prompt}_completion:string"),
            ),
        ),
        function(
            "ai_chat_completion_prompt",
            (
                "Prompt:string@column ConnectionString:string Options:bag? IncludeErrorMessages:bool?",
                Columns("* {Prompt}_completion:string"),
            ),
        ),
        function(
            "ai_embeddings",
            (
                "Text:scalar@column ConnectionString:string Options:bag? IncludeErrorMessages:bool?",
                Columns("* {Text}_embeddings:dynamic"),
            ),
        ),
        function(
            "schema_merge",
            ("PreserveOrder:bool?", Columns("ColumnName:string ColumnOrdinal:int DataType:string ColumnType:string")),
        ),
        function(
            "diffpatterns_text",
            (
                "TextColumn:string@column BooleanCondition:bool MinTokens:integer? Threshold:real? MaxTokens:integer?",
                Columns(
                    "Count_of_True:long Count_of_False:long Percent_of_True:real Percent_of_False:real Pattern:string"
                ),
            ),
        ),
    )
)
