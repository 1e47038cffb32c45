/**
 * Every function of the engine build, by hand. DuckDB's own stability marks are not enough: `age(x)`, `current_setting`, `version`
 * and `current_localtimestamp` are marked consistent. Names are split by spaces; a trailing `*` stands for any ending. A test
 * compares this with `duckdb_functions()` and fails on a name that is missing here or gone there.
 */
export interface FunctionGroup {
  /** Follows the name in a sentence: `now` "reads the clock". */
  readonly reason: string
  /** Function names, split by white space. */
  readonly names: string
}

/** Scalars, aggregates and macros whose value is decided by their arguments. */
export const PURE = `
  icu_collate_* !__postfix !~~ !~~* % & && * ** + - ->> / // <-> << <=> <@ >> @ @> ^ ^@ abs acos acosh add aggregate alias apply
  array_aggr array_aggregate array_append array_apply array_cat array_concat array_contains array_cosine_distance
  array_cosine_similarity array_cross_product array_distance array_distinct array_dot_product array_extract array_filter
  array_grade_up array_has array_has_all array_has_any array_indexof array_inner_product array_intersect array_length
  array_negative_dot_product array_negative_inner_product array_pop_back array_pop_front array_position array_prepend array_push_back
  array_push_front array_reduce array_resize array_reverse array_reverse_sort array_select array_slice array_sort array_to_json
  array_to_string array_to_string_comma_default array_transform array_unique array_value array_where array_zip ascii asin asinh atan
  atan2 atanh bar base64 bin bit_and bit_count bit_length bit_or bit_position bit_xor bitstring bitstring_agg bool_and bool_or
  can_cast_implicitly cardinality cast_to_type cbrt ceil ceiling century char_length character_length chr concat concat_ws
  constant_or_null contains cos cosh cot count count_if count_star countif create_sort_key cume_dist damerau_levenshtein date_add
  date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear days_in_month
  decade decode degrees dense_rank divide editdist3 element_at encode ends_with enum_code enum_first enum_last enum_range
  enum_range_boundary epoch epoch_ms epoch_ns epoch_us equi_width_bins era error even exp factorial fdiv filter flatten floor fmod
  format formatReadableDecimalSize formatReadableSize format_bytes format_pg_type from_base64 from_binary from_hex from_json
  from_json_strict gamma gcd generate_series generate_subscripts get_bit get_type grade_up greatest greatest_common_divisor hamming
  hex histogram histogram_exact hour icu_sort_key ilike_escape instr is_histogram_other_bin isfinite isinf isnan isodow isoyear
  jaccard jaro_similarity jaro_winkler_similarity json json_array json_array_length json_contains json_exists json_extract
  json_extract_path json_extract_path_text json_extract_string json_keys json_merge_patch json_object json_pretty json_quote
  json_structure json_transform json_transform_strict json_type json_valid json_value julian last_day lcase lcm least
  least_common_multiple left left_grapheme len length length_grapheme levenshtein lgamma like_escape list_aggr list_aggregate
  list_any_value list_append list_apply list_approx_count_distinct list_avg list_bit_and list_bit_or list_bit_xor list_bool_and
  list_bool_or list_cat list_concat list_contains list_cosine_distance list_cosine_similarity list_count list_distance list_distinct
  list_dot_product list_element list_entropy list_extract list_filter list_first list_grade_up list_has list_has_all list_has_any
  list_histogram list_indexof list_inner_product list_intersect list_kurtosis list_kurtosis_pop list_last list_mad list_max
  list_median list_min list_mode list_negative_dot_product list_negative_inner_product list_pack list_position list_prepend
  list_product list_reduce list_resize list_reverse list_reverse_sort list_select list_sem list_skewness list_slice list_sort
  list_stddev_pop list_stddev_samp list_string_agg list_sum list_transform list_unique list_value list_var_pop list_var_samp
  list_where list_zip ln log log10 log2 lower lpad ltrim mad make_date make_time make_timestamp make_timestamp_ms make_timestamp_ns
  make_timestamptz make_type map map_concat map_contains map_contains_entry map_contains_value map_entries map_extract
  map_extract_value map_from_entries map_keys map_to_pg_oid map_values max md5 md5_number md5_number_lower md5_number_upper median
  microsecond millennium millisecond min minute mismatches mod month monthname multiply nanosecond nextafter nfc_normalize
  normalized_interval not_ilike_escape not_like_escape nullif octet_length ord parse_dirname parse_dirpath parse_duckdb_log_message
  parse_filename parse_formatted_bytes parse_path percent_rank pg_size_pretty pg_typeof pi position pow power prefix printf quantile
  quantile_cont quantile_disc quarter radians range rank rank_dense reduce regexp_escape regexp_extract regexp_extract_all
  regexp_full_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regr_count remap_struct repeat replace
  replace_type reverse right right_grapheme round round_even roundbankers row row_to_json rpad rtrim second set_bit sha1 sha256 sign
  signbit sin sinh split split_part sqrt st_asbinary st_astext st_aswkb st_aswkt st_crs st_geomfromwkb st_intersects_extent st_setcrs
  starts_with str_split str_split_regex strftime string_split string_split_regex string_to_array strip_accents strlen strpos strptime
  struct_concat struct_contains struct_extract struct_extract_at struct_has struct_indexof struct_insert struct_keys struct_pack
  struct_position struct_update struct_values substr substring substring_grapheme subtract suffix sum_no_overflow switch tan tanh
  time_bucket timetz_byte_comparable timezone timezone_hour timezone_minute to_base to_base64 to_binary to_centuries to_days
  to_decades to_hex to_hours to_json to_microseconds to_millennia to_milliseconds to_minutes to_months to_quarters to_seconds
  to_timestamp to_weeks to_years translate trim trunc try_strptime typeof ucase unbin unhex unicode union_extract union_tag
  union_value unpivot_list upper url_decode url_encode uuid_extract_timestamp uuid_extract_version variant_bytes_to_variant
  variant_extract variant_normalize variant_to_parquet_variant variant_typeof week weekday weekofyear xor year yearweek |
  || ~ ~~ ~~* ~~~`

/** Allowed, but the value can depend on the order of rows: what the shuffled-rows check watches. */
export const ORDER: readonly FunctionGroup[] = [
  {
    reason: 'which row comes first decides',
    names: `
      any_value arbitrary first last first_value last_value nth_value lag lead row_number ntile fill`,
  },
  {
    reason: 'its elements come in row order',
    names: `
      list array_agg group_concat listagg string_agg json_group_array json_group_object json_group_structure`,
  },
  {
    reason: 'ties are broken by row order',
    names: `
      arg_max arg_max_null arg_max_nulls_last arg_min arg_min_null arg_min_nulls_last argmax argmin max_by min_by mode`,
  },
  { reason: 'its approximation may depend on row order', names: 'approx_count_distinct approx_quantile approx_top_k' },
  {
    reason: 'floating-point sums round by row order (integers and decimals do not)',
    names: `
      avg mean sum favg fsum kahan_sum sumkahan product geomean geometric_mean wavg weighted_avg corr covar_pop covar_samp entropy
      kurtosis kurtosis_pop skewness sem stddev stddev_pop stddev_samp var_pop var_samp variance regr_avgx regr_avgy regr_intercept
      regr_r2 regr_slope regr_sxx regr_sxy regr_syy`,
  },
]

/** Scalars, aggregates, macros and keywords that depend on when, where or by whom they run. */
export const REFUSED: readonly FunctionGroup[] = [
  {
    reason: 'reads the clock',
    names: `
      ago current_date current_localtime current_localtimestamp current_time current_timestamp get_current_time get_current_timestamp
      localtime localtimestamp now pg_conf_load_time pg_postmaster_start_time today transaction_timestamp`,
  },
  { reason: 'is random', names: 'gen_random_uuid random reservoir_quantile setseed uuid uuidv4 uuidv7' },
  {
    reason: 'says who runs it',
    names: `
      current_role current_user inet_client_addr inet_client_port inet_server_addr inet_server_port session_user user`,
  },
  {
    reason: 'depends on the session or the catalogue',
    names: `
      current_catalog current_connection_id current_database current_query current_query_id current_schema current_schemas current_setting
      current_transaction_id currval format_type get_block_size getvariable in_search_path nextval stats txid_current version`,
  },
  {
    reason: 'belongs to the PostgreSQL catalogue',
    names: `
      col_description has_any_column_privilege has_column_privilege has_database_privilege has_foreign_data_wrapper_privilege
      has_function_privilege has_language_privilege has_schema_privilege has_sequence_privilege has_server_privilege has_table_privilege
      has_tablespace_privilege obj_description pg_collation_is_visible pg_conversion_is_visible pg_function_is_visible
      pg_get_constraintdef pg_get_expr pg_get_viewdef pg_has_role pg_is_other_temp_schema pg_my_temp_schema pg_opclass_is_visible
      pg_operator_is_visible pg_opfamily_is_visible pg_table_is_visible pg_ts_config_is_visible pg_ts_dict_is_visible
      pg_ts_parser_is_visible pg_ts_template_is_visible pg_type_is_visible shobj_description`,
  },
  { reason: 'may change with the engine build (use md5_number or sha256)', names: 'hash' },
  { reason: 'has an effect besides its value', names: 'pg_sleep sleep_ms write_log' },
  { reason: 'handles SQL or plans', names: 'json_deserialize_sql json_serialize_plan json_serialize_sql' },
  { reason: 'is internal to the engine', names: '__internal_* combine finalize vector_type' },
]

/** Refused with exactly this many arguments, pure with any other number. */
export const REFUSED_BY_COUNT: readonly (FunctionGroup & { readonly argumentCount: number })[] = [
  { reason: 'with one argument reads the clock (with two it does not)', names: 'age', argumentCount: 1 },
]

/** Words that DuckDB reads as a function call without parentheses where no column has that name. */
export const KEYWORDS =
  'current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime localtimestamp session_user user'

/** Functions that may stand in FROM. */
export const TABLE_PURE = 'generate_series json_each json_tree range repeat repeat_row unnest'

/** Functions that may not stand in FROM. */
export const TABLE_REFUSED: readonly FunctionGroup[] = [
  { reason: 'reads files', names: 'glob parquet_* read_* sniff_csv' },
  { reason: 'reads the catalogue or the session', names: 'duckdb_* icu_calendar_names pg_timezone_names pragma_* which_secret' },
  {
    reason: 'runs SQL or names a table in a string',
    names: `
      histogram histogram_values json_execute_serialized_sql query query_table sql_auto_complete summary`,
  },
  {
    reason: 'has an effect besides its rows',
    names: `
      checkpoint check_peg_parser disable_* enable_* force_checkpoint truncate_duckdb_logs`,
  },
  { reason: 'is internal to the engine', names: 'arrow_scan arrow_scan_dumb seq_scan test_all_types test_vector_types' },
]
