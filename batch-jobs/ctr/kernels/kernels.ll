; Numba 0.68.1 made this of source.py by compile.py; SHA-256 3c4f14e41e314db967d59ab6104719d56142da247e5c2062908236a22f149a67

@.const.array.data = internal unnamed_addr constant [864 x i8] c"\00\00\00\00\00\00\90<\00\00\00\00\00\00\A0<\00\00\00\00\00\00\B0<\00\00\00\00\00\00\C0<\00\00\00\00\00\00\D0<\00\00\00\00\00\00\E0<\00\00\00\00\00\00\F0<\00\00\00\00\00\00\00=\00\00\00\00\00\00\10=\00\00\00\00\00\00 =\00\00\00\00\00\000=\00\00\00\00\00\00@=\00\00\00\00\00\00P=\00\00\00\00\00\00`=\00\00\00\00\00\00p=\00\00\00\00\00\00\80=\00\00\00\00\00\00\90=\00\00\00\00\00\00\A0=\00\00\00\00\00\00\B0=\00\00\00\00\00\00\C0=\00\00\00\00\00\00\D0=\00\00\00\00\00\00\E0=\00\00\00\00\00\00\F0=\00\00\00\00\00\00\00>\00\00\00\00\00\00\10>\00\00\00\00\00\00 >\00\00\00\00\00\000>\00\00\00\00\00\00@>\00\00\00\00\00\00P>\00\00\00\00\00\00`>\00\00\00\00\00\00p>\00\00\00\00\00\00\80>\00\00\00\00\00\00\90>\00\00\00\00\00\00\A0>\00\00\00\00\00\00\B0>\00\00\00\00\00\00\C0>\00\00\00\00\00\00\D0>\00\00\00\00\00\00\E0>\00\00\00\00\00\00\F0>\00\00\00\00\00\00\00?\00\00\00\00\00\00\10?\00\00\00\00\00\00 ?\00\00\00\00\00\000?\00\00\00\00\00\00@?\00\00\00\00\00\00P?\00\00\00\00\00\00`?\00\00\00\00\00\00p?\00\00\00\00\00\00\80?\00\00\00\00\00\00\90?\00\00\00\00\00\00\A0?\00\00\00\00\00\00\B0?\00\00\00\00\00\00\C0?\00\00\00\00\00\00\D0?\00\00\00\00\00\00\E0?\00\00\00\00\00\00\F0?\00\00\00\00\00\00\00@\00\00\00\00\00\00\10@\00\00\00\00\00\00 @\00\00\00\00\00\000@\00\00\00\00\00\00@@\00\00\00\00\00\00P@\00\00\00\00\00\00`@\00\00\00\00\00\00p@\00\00\00\00\00\00\80@\00\00\00\00\00\00\90@\00\00\00\00\00\00\A0@\00\00\00\00\00\00\B0@\00\00\00\00\00\00\C0@\00\00\00\00\00\00\D0@\00\00\00\00\00\00\E0@\00\00\00\00\00\00\F0@\00\00\00\00\00\00\00A\00\00\00\00\00\00\10A\00\00\00\00\00\00 A\00\00\00\00\00\000A\00\00\00\00\00\00@A\00\00\00\00\00\00PA\00\00\00\00\00\00`A\00\00\00\00\00\00pA\00\00\00\00\00\00\80A\00\00\00\00\00\00\90A\00\00\00\00\00\00\A0A\00\00\00\00\00\00\B0A\00\00\00\00\00\00\C0A\00\00\00\00\00\00\D0A\00\00\00\00\00\00\E0A\00\00\00\00\00\00\F0A\00\00\00\00\00\00\00B\00\00\00\00\00\00\10B\00\00\00\00\00\00 B\00\00\00\00\00\000B\00\00\00\00\00\00@B\00\00\00\00\00\00PB\00\00\00\00\00\00`B\00\00\00\00\00\00pB\00\00\00\00\00\00\80B\00\00\00\00\00\00\90B\00\00\00\00\00\00\A0B\00\00\00\00\00\00\B0B\00\00\00\00\00\00\C0B\00\00\00\00\00\00\D0B\00\00\00\00\00\00\E0B\00\00\00\00\00\00\F0B\00\00\00\00\00\00\00C\00\00\00\00\00\00\10C\00\00\00\00\00\00 C\00\00\00\00\00\000C\00\00\00\00\00\00@C", align 8
@.const.array.data.1 = internal unnamed_addr constant [864 x i8] c"\00\00\00\00\00\00\90<\00\00\00\00\00\00\A0<\00\00\00\00\00\00\B0<\00\00\00\00\00\00\C0<\00\00\00\00\00\00\D0<\00\00\00\00\00\00\E0<\00\00\00\00\00\00\F0<\00\00\00\00\00\00\00=\00\00\00\00\00\00\10=\00\00\00\00\00\00 =\00\00\00\00\00\000=\00\00\00\00\00\00@=\00\00\00\00\00\00P=\00\00\00\00\00\00`=\00\00\00\00\00\00p=\00\00\00\00\00\00\80=\00\00\00\00\00\00\90=\00\00\00\00\00\00\A0=\00\00\00\00\00\00\B0=\00\00\00\00\00\00\C0=\00\00\00\00\00\00\D0=\00\00\00\00\00\00\E0=\00\00\00\00\00\00\F0=\00\00\00\00\00\00\00>\00\00\00\00\00\00\10>\00\00\00\00\00\00 >\00\00\00\00\00\000>\00\00\00\00\00\00@>\00\00\00\00\00\00P>\00\00\00\00\00\00`>\00\00\00\00\00\00p>\00\00\00\00\00\00\80>\00\00\00\00\00\00\90>\00\00\00\00\00\00\A0>\00\00\00\00\00\00\B0>\00\00\00\00\00\00\C0>\00\00\00\00\00\00\D0>\00\00\00\00\00\00\E0>\00\00\00\00\00\00\F0>\00\00\00\00\00\00\00?\00\00\00\00\00\00\10?\00\00\00\00\00\00 ?\00\00\00\00\00\000?\00\00\00\00\00\00@?\00\00\00\00\00\00P?\00\00\00\00\00\00`?\00\00\00\00\00\00p?\00\00\00\00\00\00\80?\00\00\00\00\00\00\90?\00\00\00\00\00\00\A0?\00\00\00\00\00\00\B0?\00\00\00\00\00\00\C0?\00\00\00\00\00\00\D0?\00\00\00\00\00\00\E0?\00\00\00\00\00\00\F0?\00\00\00\00\00\00\00@\00\00\00\00\00\00\10@\00\00\00\00\00\00 @\00\00\00\00\00\000@\00\00\00\00\00\00@@\00\00\00\00\00\00P@\00\00\00\00\00\00`@\00\00\00\00\00\00p@\00\00\00\00\00\00\80@\00\00\00\00\00\00\90@\00\00\00\00\00\00\A0@\00\00\00\00\00\00\B0@\00\00\00\00\00\00\C0@\00\00\00\00\00\00\D0@\00\00\00\00\00\00\E0@\00\00\00\00\00\00\F0@\00\00\00\00\00\00\00A\00\00\00\00\00\00\10A\00\00\00\00\00\00 A\00\00\00\00\00\000A\00\00\00\00\00\00@A\00\00\00\00\00\00PA\00\00\00\00\00\00`A\00\00\00\00\00\00pA\00\00\00\00\00\00\80A\00\00\00\00\00\00\90A\00\00\00\00\00\00\A0A\00\00\00\00\00\00\B0A\00\00\00\00\00\00\C0A\00\00\00\00\00\00\D0A\00\00\00\00\00\00\E0A\00\00\00\00\00\00\F0A\00\00\00\00\00\00\00B\00\00\00\00\00\00\10B\00\00\00\00\00\00 B\00\00\00\00\00\000B\00\00\00\00\00\00@B\00\00\00\00\00\00PB\00\00\00\00\00\00`B\00\00\00\00\00\00pB\00\00\00\00\00\00\80B\00\00\00\00\00\00\90B\00\00\00\00\00\00\A0B\00\00\00\00\00\00\B0B\00\00\00\00\00\00\C0B\00\00\00\00\00\00\D0B\00\00\00\00\00\00\E0B\00\00\00\00\00\00\F0B\00\00\00\00\00\00\00C\00\00\00\00\00\00\10C\00\00\00\00\00\00 C\00\00\00\00\00\000C\00\00\00\00\00\00@C", align 8

define noundef range(i32 -1, -2) i32 @hash_rows(ptr noalias writeonly captures(none) %retptr, ptr noalias readnone captures(none) %excinfo, ptr readonly captures(none) %arg.text, i64 %arg.size, i64 %arg.separator, i64 %arg.terminator, ptr readonly captures(none) %arg.prefixes, i64 %arg.prefix_bytes, ptr captures(none) %arg.begun, ptr writeonly captures(none) %arg.features, ptr writeonly captures(none) %arg.clicks, i64 %arg.rows, i64 %arg.columns, ptr writeonly captures(none) %arg.read) local_unnamed_addr {
B0.endif.endif.endif.endif.endif.else.endif:
  %arg.columns.fr = freeze i64 %arg.columns
  %.495 = icmp sgt i64 %arg.columns.fr, 0
  br i1 %.495, label %.573.preheader.us.preheader, label %.562, !prof !0

B196:                                             ; preds = %B196.preheader, %B424
  %column.3.01121 = phi i64 [ %.1218, %B424 ], [ 0, %B196.preheader ]
  %.68711181120 = phi i64 [ %.707, %B424 ], [ 0, %B196.preheader ]
  %.703 = getelementptr i8, ptr %arg.prefixes, i64 %.68711181120
  %.704 = load i8, ptr %.703, align 1
  %.707 = add nuw nsw i64 %.68711181120, 1
  %.788.idx = mul i64 %column.3.01121, 24
  %.788 = getelementptr i8, ptr %arg.begun, i64 %.788.idx
  %.789 = load i64, ptr %.788, align 8
  %.843 = getelementptr i8, ptr %.788, i64 8
  %.844 = load i64, ptr %.843, align 8
  %.898 = getelementptr i8, ptr %.788, i64 16
  %.899 = load i64, ptr %.898, align 8
  %.905 = zext i8 %.704 to i64
  %.906 = and i64 %.899, 3
  %.907 = shl nuw nsw i64 %.906, 3
  %.908 = shl nuw nsw i64 %.905, %.907
  %.909 = or i64 %.908, %.844
  %.914 = icmp eq i64 %.906, 3
  br i1 %.914, label %B386, label %B424

B386:                                             ; preds = %B196
  %.924 = mul nsw i64 %.909, %const
  %.925 = and i64 %.924, 4294967295
  %.926 = shl nuw nsw i64 %.925, 15
  %.927 = lshr i64 %.925, 17
  %.929 = or disjoint i64 %.926, %.927
  %.930 = mul i64 %.929, 461845907
  %.931 = and i64 %.930, 4294967295
  %.932 = xor i64 %.931, %.789
  %.933 = shl i64 %.932, 13
  %.934 = lshr i64 %.932, 19
  %.935 = or i64 %.933, %.934
  %.937 = mul i64 %.935, 5
  %const_mat112 = add i64 %const, 431373843
  %.938 = add i64 %.937, %const_mat112
  %.939 = and i64 %.938, 4294967295
  br label %B424

B424:                                             ; preds = %B386, %B196
  %"$282call.23.2.sroa.8.1" = phi i64 [ 0, %B386 ], [ %.909, %B196 ]
  %"$282call.23.2.sroa.0.1" = phi i64 [ %.939, %B386 ], [ %.789, %B196 ]
  %sunkaddr = getelementptr i8, ptr %arg.begun, i64 %.788.idx
  store i64 %"$282call.23.2.sroa.0.1", ptr %sunkaddr, align 8
  %sunkaddr114 = getelementptr i8, ptr %arg.begun, i64 %.788.idx
  %sunkaddr115 = getelementptr i8, ptr %sunkaddr114, i64 8
  store i64 %"$282call.23.2.sroa.8.1", ptr %sunkaddr115, align 8
  %.1157 = add nsw i64 %.899, 1
  %sunkaddr116 = getelementptr i8, ptr %arg.begun, i64 %.788.idx
  %sunkaddr117 = getelementptr i8, ptr %sunkaddr116, i64 16
  store i64 %.1157, ptr %sunkaddr117, align 8
  %.1212 = icmp eq i8 %.704, 61
  %.1217 = zext i1 %.1212 to i64
  %.1218 = add nuw nsw i64 %column.3.01121, %.1217
  %exitcond.not = icmp eq i64 %arg.prefix_bytes, %.707
  br i1 %exitcond.not, label %B460.endif, label %B196

B502:                                             ; preds = %B502.preheader, %B1442.loopexit
  %position.6.01168 = phi i64 [ %.2627, %B1442.loopexit ], [ 0, %B502.preheader ]
  %.132011421166 = phi i64 [ %.1327, %B1442.loopexit ], [ 0, %B502.preheader ]
  %.1327 = add nuw nsw i64 %.132011421166, 1
  store i64 %.132011421166, ptr %arg.read, align 8
  %sunkaddr118 = getelementptr i8, ptr %arg.read, i64 8
  store i64 %position.6.01168, ptr %sunkaddr118, align 8
  %.1365 = icmp eq i64 %position.6.01168, %arg.size
  br i1 %.1365, label %common.ret, label %B544

common.ret:                                       ; preds = %B680.endif.endif, %B746.us, %B680.endif.endif.us, %B578.us, %B502.us, %B1443, %B1106, %B746, %B578, %B502
  %.sink = phi i64 [ 0, %B1443 ], [ %spec.select1091, %B1106 ], [ 1, %B578.us ], [ 0, %B502.us ], [ 0, %B502 ], [ 1, %B578 ], [ 3, %B746 ], [ 3, %B680.endif.endif ], [ 3, %B680.endif.endif.us ], [ 3, %B746.us ]
  store i64 %.sink, ptr %retptr, align 8
  ret i32 0

B544:                                             ; preds = %B502
  %.1433 = icmp slt i64 %position.6.01168, 0
  %.1434 = select i1 %.1433, i64 %arg.size, i64 0
  %0 = getelementptr i8, ptr %arg.text, i64 %position.6.01168
  %.1448 = getelementptr i8, ptr %0, i64 %.1434
  %.1449 = load i8, ptr %.1448, align 1
  %.1453 = zext i8 %.1449 to i64
  %.1454.not = icmp eq i64 %arg.separator, %.1453
  br i1 %.1454.not, label %B680.endif.endif, label %B578.preheader

B578.preheader:                                   ; preds = %B544
  br label %B578

B578:                                             ; preds = %B662, %B578.preheader
  %position.7.1 = phi i64 [ %.1541, %B662 ], [ %position.6.01168, %B578.preheader ]
  %.1475 = icmp slt i64 %position.7.1, 0
  %.1476 = select i1 %.1475, i64 %arg.size, i64 0
  %scevgep101 = getelementptr i8, ptr %arg.text, i64 %.1476
  %scevgep102 = getelementptr i8, ptr %scevgep101, i64 %position.7.1
  %.1491 = load i8, ptr %scevgep102, align 1
  %.1493 = zext i8 %.1491 to i64
  %.1494 = icmp eq i64 %arg.terminator, %.1493
  br i1 %.1494, label %common.ret, label %B662

B662:                                             ; preds = %B578
  %.1541 = add i64 %position.7.1, 1
  %.1559 = icmp slt i64 %position.7.1, -1
  %.1560 = select i1 %.1559, i64 %arg.size, i64 0
  %1 = add i64 %.1560, 1
  %scevgep103 = getelementptr i8, ptr %arg.text, i64 %1
  %scevgep104 = getelementptr i8, ptr %scevgep103, i64 %position.7.1
  %.1575 = load i8, ptr %scevgep104, align 1
  %.1577 = zext i8 %.1575 to i64
  %.1578.not = icmp eq i64 %arg.separator, %.1577
  br i1 %.1578.not, label %B680.endif.endif, label %B578

B746:                                             ; preds = %B680.endif.endif
  %.1667 = add nsw i64 %position.8.2, 2
  %.1681 = icmp slt i64 %position.8.2, -2
  %.1682 = select i1 %.1681, i64 %arg.size, i64 0
  %2 = getelementptr i8, ptr %arg.text, i64 %.1667
  %.1696 = getelementptr i8, ptr %2, i64 %.1682
  %.1697 = load i8, ptr %.1696, align 1
  %.1699 = zext i8 %.1697 to i64
  %.1700.not = icmp eq i64 %arg.separator, %.1699
  br i1 %.1700.not, label %B848.endif, label %common.ret

B984:                                             ; preds = %B1020.endif.endif, %B984.preheader
  %length.3.2 = phi i64 [ %.2310, %B1020.endif.endif ], [ %.2077, %B984.preheader ]
  %k.3.2 = phi i64 [ %"$872call.8.2.sroa.8.3", %B1020.endif.endif ], [ %.2022, %B984.preheader ]
  %h.4.2 = phi i64 [ %"$872call.8.2.sroa.0.3", %B1020.endif.endif ], [ %.1967, %B984.preheader ]
  %position.11.2 = phi i64 [ %.2316, %B1020.endif.endif ], [ %.2097, %B984.preheader ]
  %byte.3.2 = phi i8 [ %.2350, %B1020.endif.endif ], [ %.2135, %B984.preheader ]
  %.2214 = zext i8 %byte.3.2 to i64
  %.2215 = and i64 %length.3.2, 3
  %.2216 = shl nuw nsw i64 %.2215, 3
  %.2217 = shl nuw nsw i64 %.2214, %.2216
  %.2218 = or i64 %.2217, %k.3.2
  %.2223 = icmp eq i64 %.2215, 3
  br i1 %.2223, label %B998, label %B1020.endif.endif

B998:                                             ; preds = %B984
  %.2233 = mul nsw i64 %.2218, %const
  %.2234 = and i64 %.2233, 4294967295
  %.2235 = shl nuw nsw i64 %.2234, 15
  %.2236 = lshr i64 %.2234, 17
  %.2238 = or disjoint i64 %.2235, %.2236
  %.2239 = mul i64 %.2238, 461845907
  %.2240 = and i64 %.2239, 4294967295
  %.2241 = xor i64 %.2240, %h.4.2
  %.2242 = shl i64 %.2241, 13
  %.2243 = lshr i64 %.2241, 19
  %.2244 = or i64 %.2242, %.2243
  %.2246 = mul i64 %.2244, 5
  %const_mat113 = add i64 %const, 431373843
  %.2247 = add i64 %.2246, %const_mat113
  %.2248 = and i64 %.2247, 4294967295
  br label %B1020.endif.endif

B1102:                                            ; preds = %B1020.endif.endif, %B972.endif.endif
  %.2417.pre-phi = phi i64 [ %.96.i18, %B972.endif.endif ], [ %.96.i23, %B1020.endif.endif ]
  %length.4.3 = phi i64 [ %.2077, %B972.endif.endif ], [ %.2310, %B1020.endif.endif ]
  %k.4.3 = phi i64 [ %.2022, %B972.endif.endif ], [ %"$872call.8.2.sroa.8.3", %B1020.endif.endif ]
  %h.5.3 = phi i64 [ %.1967, %B972.endif.endif ], [ %"$872call.8.2.sroa.0.3", %B1020.endif.endif ]
  %position.10.3 = phi i64 [ %.2097, %B972.endif.endif ], [ %.2316, %B1020.endif.endif ]
  %.2418 = icmp eq i64 %arg.terminator, %.2417.pre-phi
  %.2422 = icmp eq i64 %.187811251129, %.2420
  %.2423 = xor i1 %.2422, %.2418
  br i1 %.2423, label %B1106, label %B1275

B1106:                                            ; preds = %B1102
  %3 = icmp eq i64 %arg.terminator, %.2417.pre-phi
  %spec.select1091 = select i1 %3, i64 1, i64 2
  br label %common.ret

B1275:                                            ; preds = %B1102
  %.2506 = mul nsw i64 %k.4.3, %const
  %.2507 = and i64 %.2506, 4294967295
  %.2508 = shl nuw nsw i64 %.2507, 15
  %.2509 = lshr i64 %.2507, 17
  %.2511 = or disjoint i64 %.2508, %.2509
  %.2512 = mul i64 %.2511, 461845907
  %.2513 = and i64 %.2512, 4294967295
  %.2514 = xor i64 %h.5.3, %length.4.3
  %.2518 = xor i64 %.2514, %.2513
  %.2519 = lshr i64 %.2518, 16
  %.2520 = xor i64 %.2519, %.2518
  %const_mat110 = add i64 %const, -1186095846
  %.2521 = mul i64 %.2520, %const_mat110
  %.2522 = lshr i64 %.2521, 13
  %.2523 = and i64 %.2522, 524287
  %.2524 = xor i64 %.2523, %.2521
  %const_mat111 = add i64 %const, -166428444
  %.2525 = mul i64 %.2524, %const_mat111
  %.2526 = and i64 %.2525, 4294967295
  %.2527 = lshr i64 %.2526, 16
  %.2528 = xor i64 %.2527, %.2526
  %const_mat = add i64 %const, -1285434705
  %.2533 = icmp samesign ult i64 %.2526, %const_mat
  %.2543 = sub nsw i64 0, %.2528
  %const_mat109 = add i64 %const, -1285434705
  %.2548 = or i64 %.2543, %const_mat109
  %"$phi1148.2.2.2" = select i1 %.2533, i64 %.2528, i64 %.2548
  %4 = getelementptr i32, ptr %17, i64 %.187811251129
  %.2613 = trunc i64 %"$phi1148.2.2.2" to i32
  store i32 %.2613, ptr %4, align 4
  %exitcond1211.not = icmp eq i64 %arg.columns.fr, %.1885
  br i1 %exitcond1211.not, label %B1442.loopexit, label %B972.endif.endif

B1442.loopexit:                                   ; preds = %B1275
  %.2627 = add nsw i64 %position.10.3, 1
  %exitcond1212.not = icmp eq i64 %.1327, %arg.rows
  br i1 %exitcond1212.not, label %B1443, label %B502

B1443:                                            ; preds = %B848.endif.us, %B460.endif, %B1442.loopexit
  %position.6.0.lcssa = phi i64 [ 0, %B460.endif ], [ %.2627.us, %B848.endif.us ], [ %.2627, %B1442.loopexit ]
  store i64 %arg.rows, ptr %arg.read, align 8
  %.2677 = getelementptr i8, ptr %arg.read, i64 8
  store i64 %position.6.0.lcssa, ptr %.2677, align 8
  br label %common.ret

.573.preheader.us.preheader:                      ; preds = %B0.endif.endif.endif.endif.endif.else.endif
  %5 = mul i64 %arg.columns.fr, 24
  tail call void @llvm.memset.p0.i64(ptr align 8 %arg.begun, i8 0, i64 %5, i1 false)
  br label %.562

.562:                                             ; preds = %.573.preheader.us.preheader, %B0.endif.endif.endif.endif.endif.else.endif
  %const = bitcast i64 3432918353 to i64
  %.6881119 = icmp sgt i64 %arg.prefix_bytes, 0
  br i1 %.6881119, label %B196.preheader, label %B460.endif

B196.preheader:                                   ; preds = %.562
  br label %B196

B460.endif:                                       ; preds = %.562, %B424
  %.13141163.not = icmp slt i64 %arg.rows, 1
  br i1 %.13141163.not, label %B1443, label %B502.lr.ph

B502.lr.ph:                                       ; preds = %B460.endif
  %.18721128.not = icmp slt i64 %arg.columns.fr, 1
  %.2420 = add nsw i64 %arg.columns.fr, -1
  br i1 %.18721128.not, label %B502.us.preheader, label %B502.preheader

B502.preheader:                                   ; preds = %B502.lr.ph
  %scevgep105 = getelementptr i8, ptr %arg.text, i64 2
  br label %B502

B502.us.preheader:                                ; preds = %B502.lr.ph
  br label %B502.us

B502.us:                                          ; preds = %B848.endif.us, %B502.us.preheader
  %position.6.01168.us = phi i64 [ %.2627.us, %B848.endif.us ], [ 0, %B502.us.preheader ]
  %.132011421166.us = phi i64 [ %.1327.us, %B848.endif.us ], [ 0, %B502.us.preheader ]
  %.1327.us = add nuw nsw i64 %.132011421166.us, 1
  store i64 %.132011421166.us, ptr %arg.read, align 8
  %sunkaddr119 = getelementptr i8, ptr %arg.read, i64 8
  store i64 %position.6.01168.us, ptr %sunkaddr119, align 8
  %.1365.us = icmp eq i64 %position.6.01168.us, %arg.size
  br i1 %.1365.us, label %common.ret, label %B544.us

B544.us:                                          ; preds = %B502.us
  %.1433.us = icmp slt i64 %position.6.01168.us, 0
  %.1434.us = select i1 %.1433.us, i64 %arg.size, i64 0
  %6 = getelementptr i8, ptr %arg.text, i64 %position.6.01168.us
  %.1448.us = getelementptr i8, ptr %6, i64 %.1434.us
  %.1449.us = load i8, ptr %.1448.us, align 1
  %.1453.us = zext i8 %.1449.us to i64
  %.1454.not.us = icmp eq i64 %arg.separator, %.1453.us
  br i1 %.1454.not.us, label %B680.endif.endif.us, label %B578.us.preheader

B578.us.preheader:                                ; preds = %B544.us
  br label %B578.us

B578.us:                                          ; preds = %B662.us, %B578.us.preheader
  %position.7.1.us = phi i64 [ %.1541.us, %B662.us ], [ %position.6.01168.us, %B578.us.preheader ]
  %.1475.us = icmp slt i64 %position.7.1.us, 0
  %.1476.us = select i1 %.1475.us, i64 %arg.size, i64 0
  %scevgep99 = getelementptr i8, ptr %arg.text, i64 %.1476.us
  %scevgep100 = getelementptr i8, ptr %scevgep99, i64 %position.7.1.us
  %.1491.us = load i8, ptr %scevgep100, align 1
  %.1493.us = zext i8 %.1491.us to i64
  %.1494.us = icmp eq i64 %arg.terminator, %.1493.us
  br i1 %.1494.us, label %common.ret, label %B662.us

B662.us:                                          ; preds = %B578.us
  %.1541.us = add i64 %position.7.1.us, 1
  %.1559.us = icmp slt i64 %position.7.1.us, -1
  %.1560.us = select i1 %.1559.us, i64 %arg.size, i64 0
  %7 = add i64 %.1560.us, 1
  %scevgep = getelementptr i8, ptr %arg.text, i64 %7
  %scevgep98 = getelementptr i8, ptr %scevgep, i64 %position.7.1.us
  %.1575.us = load i8, ptr %scevgep98, align 1
  %.1577.us = zext i8 %.1575.us to i64
  %.1578.not.us = icmp eq i64 %arg.separator, %.1577.us
  br i1 %.1578.not.us, label %B680.endif.endif.us, label %B578.us

B680.endif.endif.us:                              ; preds = %B662.us, %B544.us
  %position.8.2.us = phi i64 [ %position.6.01168.us, %B544.us ], [ %.1541.us, %B662.us ]
  %.1602.us = icmp slt i64 %position.8.2.us, -1
  %.1603.us = select i1 %.1602.us, i64 %arg.size, i64 0
  %8 = getelementptr i8, ptr %arg.text, i64 %position.8.2.us
  %9 = getelementptr i8, ptr %8, i64 1
  %.1617.us = getelementptr i8, ptr %9, i64 %.1603.us
  %.1618.us = load i8, ptr %.1617.us, align 1
  %10 = and i8 %.1618.us, -2
  %or.cond.i.not.us = icmp eq i8 %10, 48
  br i1 %or.cond.i.not.us, label %B746.us, label %common.ret

B746.us:                                          ; preds = %B680.endif.endif.us
  %.1681.us = icmp slt i64 %position.8.2.us, -2
  %.1682.us = select i1 %.1681.us, i64 %arg.size, i64 0
  %11 = getelementptr i8, ptr %8, i64 2
  %.1696.us = getelementptr i8, ptr %11, i64 %.1682.us
  %.1697.us = load i8, ptr %.1696.us, align 1
  %.1699.us = zext i8 %.1697.us to i64
  %.1700.not.us = icmp eq i64 %arg.separator, %.1699.us
  br i1 %.1700.not.us, label %B848.endif.us, label %common.ret

B848.endif.us:                                    ; preds = %B746.us
  %.1750.us = add nsw i8 %.1618.us, -48
  %12 = getelementptr i8, ptr %arg.clicks, i64 %.132011421166.us
  store i8 %.1750.us, ptr %12, align 1
  %.2627.us = add nsw i64 %position.8.2.us, 3
  %exitcond1212.not.us = icmp eq i64 %.1327.us, %arg.rows
  br i1 %exitcond1212.not.us, label %B1443, label %B502.us

B680.endif.endif:                                 ; preds = %B662, %B544
  %position.8.2 = phi i64 [ %position.6.01168, %B544 ], [ %.1541, %B662 ]
  %.1602 = icmp slt i64 %position.8.2, -1
  %.1603 = select i1 %.1602, i64 %arg.size, i64 0
  %13 = getelementptr i8, ptr %arg.text, i64 %position.8.2
  %14 = getelementptr i8, ptr %13, i64 1
  %.1617 = getelementptr i8, ptr %14, i64 %.1603
  %.1618 = load i8, ptr %.1617, align 1
  %15 = and i8 %.1618, -2
  %or.cond.i.not = icmp eq i8 %15, 48
  br i1 %or.cond.i.not, label %B746, label %common.ret

B848.endif:                                       ; preds = %B746
  %.1750 = add nsw i8 %.1618, -48
  %16 = getelementptr i8, ptr %arg.clicks, i64 %.132011421166
  store i8 %.1750, ptr %16, align 1
  %.2608 = mul i64 %.132011421166, %arg.columns.fr
  %17 = getelementptr i32, ptr %arg.features, i64 %.2608
  br label %B972.endif.endif

B972.endif.endif:                                 ; preds = %B848.endif, %B1275
  %position.9.11131 = phi i64 [ %.1667, %B848.endif ], [ %position.10.3, %B1275 ]
  %.187811251129 = phi i64 [ 0, %B848.endif ], [ %.1885, %B1275 ]
  %.1885 = add nuw nsw i64 %.187811251129, 1
  %.1966.idx = mul i64 %.187811251129, 24
  %.1966 = getelementptr i8, ptr %arg.begun, i64 %.1966.idx
  %.1967 = load i64, ptr %.1966, align 8
  %.2021 = getelementptr i8, ptr %.1966, i64 8
  %.2022 = load i64, ptr %.2021, align 8
  %.2076 = getelementptr i8, ptr %.1966, i64 16
  %.2077 = load i64, ptr %.2076, align 8
  %.2097 = add nsw i64 %position.9.11131, 1
  %.2119 = icmp slt i64 %position.9.11131, -1
  %.2120 = select i1 %.2119, i64 %arg.size, i64 0
  %18 = getelementptr i8, ptr %arg.text, i64 %.2097
  %.2134 = getelementptr i8, ptr %18, i64 %.2120
  %.2135 = load i8, ptr %.2134, align 1
  %.96.i18 = zext i8 %.2135 to i64
  %.97.i19 = icmp ne i64 %arg.separator, %.96.i18
  %.97.1.i20 = icmp ne i64 %arg.terminator, %.96.i18
  %or.cond.i21.not = select i1 %.97.i19, i1 %.97.1.i20, i1 false
  br i1 %or.cond.i21.not, label %B984.preheader, label %B1102

B984.preheader:                                   ; preds = %B972.endif.endif
  br label %B984

B1020.endif.endif:                                ; preds = %B998, %B984
  %"$872call.8.2.sroa.8.3" = phi i64 [ 0, %B998 ], [ %.2218, %B984 ]
  %"$872call.8.2.sroa.0.3" = phi i64 [ %.2248, %B998 ], [ %h.4.2, %B984 ]
  %.2316 = add nsw i64 %position.11.2, 1
  %.2334 = icmp slt i64 %position.11.2, -1
  %.2335 = select i1 %.2334, i64 %arg.size, i64 0
  %scevgep106 = getelementptr i8, ptr %scevgep105, i64 %.2335
  %scevgep107 = getelementptr i8, ptr %scevgep106, i64 %position.11.2
  %scevgep108 = getelementptr i8, ptr %scevgep107, i64 -1
  %.2350 = load i8, ptr %scevgep108, align 1
  %.96.i23 = zext i8 %.2350 to i64
  %.97.i24 = icmp ne i64 %arg.separator, %.96.i23
  %.97.1.i25 = icmp ne i64 %arg.terminator, %.96.i23
  %or.cond.i26.not = select i1 %.97.i24, i1 %.97.1.i25, i1 false
  %.2310 = add i64 %length.3.2, 1
  br i1 %or.cond.i26.not, label %B984, label %B1102
}

; Function Attrs: nocallback nofree nounwind willreturn memory(argmem: write)
declare void @llvm.memset.p0.i64(ptr writeonly captures(none), i8, i64, i1 immarg) #0

define noundef range(i32 -1, -2) i32 @descend(ptr noalias writeonly captures(none) %retptr, ptr noalias readnone captures(none) %excinfo, ptr readonly captures(none) %arg.features, ptr readonly captures(none) %arg.clicks, i64 %arg.rows, i64 %arg.columns, i64 %arg.seed, ptr captures(none) %arg.order, i64 %arg.penalty, double %arg.alpha, double %arg.eta, ptr captures(none) %arg.paid, ptr captures(none) %arg.weights, i64 %arg.size, ptr captures(none) %arg.state) local_unnamed_addr {
B0.endif.endif.endif.endif:
  %.239 = add nsw i64 %arg.size, -1
  %.245 = load double, ptr %arg.state, align 8
  %.247 = getelementptr i8, ptr %arg.state, i64 8
  %.248 = load double, ptr %.247, align 8
  %.286 = icmp eq i64 %arg.penalty, 2
  br i1 %.286, label %B240, label %B286.endif

B240:                                             ; preds = %B0.endif.endif.endif.endif
  %.290 = fmul double %arg.alpha, %arg.eta
  %.291 = fsub double 1.000000e+00, %.290
  %.12.i = fcmp ogt double %.291, 0.000000e+00
  %.13.i = select i1 %.12.i, double %.291, double 0.000000e+00
  br label %B286.endif

B336:                                             ; preds = %B336.preheader143, %B336
  %.45513401342 = phi i64 [ %.462, %B336 ], [ %.45513401342.ph, %B336.preheader143 ]
  %.462 = add nuw nsw i64 %.45513401342, 1
  %0 = shl i64 %.45513401342, 3
  %scevgep186 = getelementptr i8, ptr %arg.order, i64 %0
  store i64 %.45513401342, ptr %scevgep186, align 8
  %exitcond.not = icmp eq i64 %arg.rows, %.462
  br i1 %exitcond.not, label %B548, label %B336, !llvm.loop !1

B548:                                             ; preds = %middle.block, %B336
  %.6211347.not = icmp eq i64 %arg.rows, 1
  br i1 %.6211347.not, label %B912.lr.ph, label %B776.preheader

B776.preheader:                                   ; preds = %B548
  %spec.select = tail call i64 @llvm.umax.i64(i64 %arg.seed, i64 1)
  br label %B776

B776:                                             ; preds = %B776.endif, %B776.preheader
  %lsr.iv183 = phi i64 [ %arg.rows, %B776.preheader ], [ %lsr.iv.next184, %B776.endif ]
  %_shuffle_v21_draw.4.01350 = phi i64 [ %.668, %B776.endif ], [ %spec.select, %B776.preheader ]
  %.62713461348 = phi i64 [ %.634, %B776.endif ], [ 0, %B776.preheader ]
  %.660 = shl i64 %_shuffle_v21_draw.4.01350, 13
  %.661 = and i64 %.660, 4294959104
  %.663 = xor i64 %.661, %_shuffle_v21_draw.4.01350
  %.664 = ashr i64 %.663, 17
  %.665 = xor i64 %.664, %.663
  %.666 = shl i64 %.665, 5
  %.667 = and i64 %.666, 4294967264
  %.668 = xor i64 %.667, %.665
  %.677 = icmp eq i64 %lsr.iv183, 0
  br i1 %.677, label %B776.endif, label %B776.else.if, !prof !4

B912.lr.ph:                                       ; preds = %B776.endif, %B548
  %const192 = bitcast i64 2305843009213693950 to i64
  %const = bitcast i64 1152921504606846975 to i64
  %.2727 = fmul double %arg.alpha, %arg.eta
  %1 = add i64 %arg.size, -1
  %scevgep = getelementptr i8, ptr %arg.weights, i64 8
  %const_mat = add i64 %const194, 2
  %unroll_iter = and i64 %arg.columns, %const_mat
  %mul.result = shl i64 %1, 4
  %2 = getelementptr i8, ptr %scevgep, i64 %mul.result
  %3 = icmp ult ptr %2, %scevgep
  %mul.result94 = shl i64 %1, 4
  %mul.overflow95 = icmp ugt i64 %1, %const
  %4 = getelementptr i8, ptr %arg.weights, i64 %mul.result94
  %5 = icmp ult ptr %4, %arg.weights
  %6 = or i1 %5, %mul.overflow95
  %7 = or i1 %3, %6
  %n.vec100 = and i64 %arg.size, %const192
  %scevgep165 = getelementptr i8, ptr %arg.features, i64 4
  %8 = shl i64 %arg.columns, 2
  %scevgep174 = getelementptr i8, ptr %arg.weights, i64 24
  br label %B912

B912:                                             ; preds = %B4408, %B912.lr.ph
  %loss.2.01451 = phi double [ 0.000000e+00, %B912.lr.ph ], [ %.1393, %B4408 ]
  %due.2.01450 = phi double [ 0.000000e+00, %B912.lr.ph ], [ %due.3.2, %B4408 ]
  %average_b.3.01449 = phi double [ 1.000000e+00, %B912.lr.ph ], [ %average_b.4.1, %B4408 ]
  %average_a.3.01448 = phi double [ 0.000000e+00, %B912.lr.ph ], [ %.2699, %B4408 ]
  %scale.4.01447 = phi double [ 1.000000e+00, %B912.lr.ph ], [ %scale.3.11229, %B4408 ]
  %intercept.2.01446 = phi double [ 0.000000e+00, %B912.lr.ph ], [ %.2652, %B4408 ]
  %average_intercept.2.01445 = phi double [ %.245, %B912.lr.ph ], [ %.2714, %B4408 ]
  %steps.2.01444 = phi double [ %.248, %B912.lr.ph ], [ %.2659, %B4408 ]
  %.95213801443 = phi i64 [ 0, %B912.lr.ph ], [ %.974, %B4408 ]
  %9 = icmp sgt i64 %arg.columns, 0
  %.965 = shl i64 %.95213801443, 3
  %.969 = getelementptr i8, ptr %arg.order, i64 %.965
  %.971 = load i64, ptr %.969, align 8
  %.974 = add nuw nsw i64 %.95213801443, 1
  %.1021 = icmp slt i64 %.971, 0
  %.1022 = select i1 %.1021, i64 %arg.rows, i64 0
  %.1023 = add i64 %.1022, %.971
  %.1040 = mul i64 %.1023, %arg.columns
  %.1042 = getelementptr i32, ptr %arg.features, i64 %.1040
  br i1 %9, label %B934.preheader, label %B1505.endif

B934.preheader:                                   ; preds = %B912
  %10 = icmp eq i64 %arg.columns, 1
  br i1 %10, label %B934.epil.preheader, label %B934.preheader154

B934.preheader154:                                ; preds = %B934.preheader
  %11 = mul i64 %8, %.1023
  %scevgep166 = getelementptr i8, ptr %scevgep165, i64 %11
  br label %B934

B934:                                             ; preds = %B934, %B934.preheader154
  %_margin_v17_total.2.11356 = phi double [ %.1272.1, %B934 ], [ 0.000000e+00, %B934.preheader154 ]
  %.116013531355 = phi i64 [ %.1182.1, %B934 ], [ 0, %B934.preheader154 ]
  %.1173 = shl i64 %.116013531355, 2
  %scevgep168 = getelementptr i8, ptr %scevgep166, i64 %.1173
  %scevgep169 = getelementptr i8, ptr %scevgep168, i64 -4
  %.1179 = load i32, ptr %scevgep169, align 4
  %.1208 = zext i32 %.1179 to i64
  %.1209 = and i64 %.239, %.1208
  %.1263.idx = shl nuw nsw i64 %.1209, 4
  %.1263 = getelementptr i8, ptr %arg.weights, i64 %.1263.idx
  %.1264 = load double, ptr %.1263, align 8
  %12 = lshr i64 %.1208, 30
  %13 = and i64 %12, 2
  %.1268 = uitofp nneg i64 %13 to double
  %.1269 = fsub double 1.000000e+00, %.1268
  %.1270 = fmul double %.1264, %.1269
  %.1272 = fadd double %_margin_v17_total.2.11356, %.1270
  %.1182 = shl i64 %.116013531355, 2
  %scevgep167 = getelementptr i8, ptr %scevgep166, i64 %.1182
  %.1179.1 = load i32, ptr %scevgep167, align 4
  %.1182.1 = add nuw i64 %.116013531355, 2
  %.1208.1 = zext i32 %.1179.1 to i64
  %.1209.1 = and i64 %.239, %.1208.1
  %.1263.idx.1 = shl nuw nsw i64 %.1209.1, 4
  %.1263.1 = getelementptr i8, ptr %arg.weights, i64 %.1263.idx.1
  %.1264.1 = load double, ptr %.1263.1, align 8
  %14 = lshr i64 %.1208.1, 30
  %15 = and i64 %14, 2
  %.1268.1 = uitofp nneg i64 %15 to double
  %.1269.1 = fsub double 1.000000e+00, %.1268.1
  %.1270.1 = fmul double %.1264.1, %.1269.1
  %.1272.1 = fadd double %.1272, %.1270.1
  %niter.ncmp.1 = icmp eq i64 %unroll_iter, %.1182.1
  br i1 %niter.ncmp.1, label %B1505.endif.loopexit.unr-lcssa, label %B934

B1714:                                            ; preds = %B1714.preheader153, %B1714
  %lsr.iv181 = phi i64 [ %56, %B1714.preheader153 ], [ %lsr.iv.next182, %B1714 ]
  %lsr.iv176 = phi ptr [ %scevgep175, %B1714.preheader153 ], [ %scevgep177, %B1714 ]
  %scevgep180 = getelementptr i8, ptr %lsr.iv176, i64 -24
  %scevgep179 = getelementptr i8, ptr %lsr.iv176, i64 -16
  %.2016 = load double, ptr %scevgep179, align 8
  %.2070 = load double, ptr %scevgep180, align 8
  %.2072 = fmul double %average_a.3.01448, %.2070
  %.2073 = fadd double %.2016, %.2072
  %.2078 = fdiv double %.2073, %average_b.3.01449
  store double %.2078, ptr %scevgep179, align 8
  %.2188 = fmul double %.1781, %.2070
  store double %.2188, ptr %scevgep180, align 8
  %scevgep178 = getelementptr i8, ptr %lsr.iv176, i64 -8
  %.2016.1 = load double, ptr %lsr.iv176, align 8
  %.2070.1 = load double, ptr %scevgep178, align 8
  %.2072.1 = fmul double %average_a.3.01448, %.2070.1
  %.2073.1 = fadd double %.2016.1, %.2072.1
  %.2078.1 = fdiv double %.2073.1, %average_b.3.01449
  store double %.2078.1, ptr %lsr.iv176, align 8
  %.2188.1 = fmul double %.1781, %.2070.1
  store double %.2188.1, ptr %scevgep178, align 8
  %scevgep177 = getelementptr i8, ptr %lsr.iv176, i64 32
  %lsr.iv.next182 = add i64 %lsr.iv181, -2
  %exitcond1564.not.1 = icmp eq i64 %lsr.iv.next182, 0
  br i1 %exitcond1564.not.1, label %B1860.endif, label %B1714, !llvm.loop !5

B1877:                                            ; preds = %B1877.preheader, %B1877
  %.235513711373 = phi i64 [ %.2377, %B1877 ], [ 0, %B1877.preheader ]
  %.2368 = shl i64 %.235513711373, 2
  %.2372 = getelementptr i8, ptr %.1042, i64 %.2368
  %.2374 = load i32, ptr %.2372, align 4
  %.2377 = add nuw nsw i64 %.235513711373, 1
  %.2402 = zext i32 %.2374 to i64
  %16 = lshr i64 %.2402, 30
  %17 = and i64 %16, 2
  %.2405 = uitofp nneg i64 %17 to double
  %.2406 = fsub double 1.000000e+00, %.2405
  %.2409 = and i64 %.239, %.2402
  %.2462.idx = shl nuw nsw i64 %.2409, 4
  %.2462 = getelementptr i8, ptr %arg.weights, i64 %.2462.idx
  %.2463 = load double, ptr %.2462, align 8
  %.2465 = fmul double %.2295, %.2406
  %.2466 = fadd double %.2463, %.2465
  store double %.2466, ptr %.2462, align 8
  %.2574 = getelementptr i8, ptr %.2462, i64 8
  %.2575 = load double, ptr %.2574, align 8
  %.2577 = fmul double %.2302, %.2406
  %.2578 = fadd double %.2575, %.2577
  store double %.2578, ptr %.2574, align 8
  %exitcond1565.not = icmp eq i64 %arg.columns, %.2377
  br i1 %exitcond1565.not, label %B1947, label %B1877

B1947:                                            ; preds = %B1860.endif, %B1877
  %.2648 = fmul double %.1775, 1.000000e-02
  %.2652 = fadd double %intercept.2.01446, %.2648
  %.2659 = fadd double %steps.2.01444, 1.000000e+00
  %average_b.4.1.frozen = freeze double %.2659
  %.2666 = fcmp ogt double %average_b.4.1.frozen, 1.000000e+00
  %.2672 = fdiv double 1.000000e+00, %.2659
  %.2673 = fsub double 1.000000e+00, %.2672
  br i1 %.2666, label %select.true.sink, label %select.end

select.true.sink:                                 ; preds = %B1947
  %.2678 = fdiv double %average_b.5.11228, %.2673
  br label %select.end

select.end:                                       ; preds = %select.true.sink, %B1947
  %average_b.4.1 = phi double [ %.2678, %select.true.sink ], [ %average_b.5.11228, %B1947 ]
  %18 = icmp eq i64 %arg.penalty, 1
  %.2692 = fmul double %scale.3.11229, %average_b.4.1
  %.2697 = fdiv double %.2692, %.2659
  %.2699 = fadd double %average_a.4.11227, %.2697
  %.2707 = fsub double %.2652, %average_intercept.2.01445
  %.2712 = fdiv double %.2707, %.2659
  %.2714 = fadd double %average_intercept.2.01445, %.2712
  br i1 %18, label %B1966, label %B4408

B1966:                                            ; preds = %select.end
  %19 = icmp sgt i64 %arg.columns, 0
  %.2729 = fadd double %.2727, %due.2.01450
  br i1 %19, label %B4295.preheader, label %B4408

B4295.preheader:                                  ; preds = %B1966
  br label %B4295

B4295:                                            ; preds = %B4404, %B4295.preheader
  %.279213751378 = phi i64 [ %.2814, %B4404 ], [ 0, %B4295.preheader ]
  %.2805 = shl i64 %.279213751378, 2
  %.2809 = getelementptr i8, ptr %.1042, i64 %.2805
  %.2811 = load i32, ptr %.2809, align 4
  %.2814 = add nuw nsw i64 %.279213751378, 1
  %.2842 = zext i32 %.2811 to i64
  %.2843 = and i64 %.239, %.2842
  %.2900.idx = shl nuw nsw i64 %.2843, 4
  %.2900 = getelementptr i8, ptr %arg.weights, i64 %.2900.idx
  %.2901 = load double, ptr %.2900, align 8
  %.2906 = fcmp ogt double %.2901, 0.000000e+00
  br i1 %.2906, label %B4321, label %B4388

B4321:                                            ; preds = %B4295
  %.2910 = getelementptr double, ptr %arg.paid, i64 %.2843
  %.2911 = load double, ptr %.2910, align 8
  %.2913 = fadd double %.2729, %.2911
  %.2918 = fdiv double %.2913, %scale.3.11229
  %.2920 = fsub double %.2901, %.2918
  %.12.i39 = fcmp ogt double %.2920, 0.000000e+00
  %.13.i40 = select i1 %.12.i39, double %.2920, double 0.000000e+00
  br label %B4404.sink.split

B4388:                                            ; preds = %B4295
  %.3006 = fcmp olt double %.2901, 0.000000e+00
  br i1 %.3006, label %B4390, label %B4404

B4390:                                            ; preds = %B4388
  %.3010 = getelementptr double, ptr %arg.paid, i64 %.2843
  %.3011 = load double, ptr %.3010, align 8
  %.3013 = fsub double %.2729, %.3011
  %.3018 = fdiv double %.3013, %scale.3.11229
  %.3020 = fadd double %.2901, %.3018
  %.12.i41 = fcmp olt double %.3020, 0.000000e+00
  %.13.i42 = select i1 %.12.i41, double %.3020, double 0.000000e+00
  br label %B4404.sink.split

B4404.sink.split:                                 ; preds = %B4390, %B4321
  %.3023.sink.sroa.speculated = phi double [ %.13.i42, %B4390 ], [ %.13.i40, %B4321 ]
  %sunkaddr = getelementptr i8, ptr %arg.weights, i64 %.2900.idx
  store double %.3023.sink.sroa.speculated, ptr %sunkaddr, align 8
  br label %B4404

B4404:                                            ; preds = %B4404.sink.split, %B4388
  %.3163 = phi double [ %.2901, %B4388 ], [ %.3023.sink.sroa.speculated, %B4404.sink.split ]
  %.3107 = getelementptr double, ptr %arg.paid, i64 %.2843
  %.3108 = load double, ptr %.3107, align 8
  %.3165 = fsub double %.3163, %.2901
  %.3169 = fmul double %scale.3.11229, %.3165
  %.3170 = fadd double %.3108, %.3169
  store double %.3170, ptr %.3107, align 8
  %exitcond1566.not = icmp eq i64 %arg.columns, %.2814
  br i1 %exitcond1566.not, label %B4408, label %B4295

B4408:                                            ; preds = %B4404, %B1966, %select.end
  %due.3.2 = phi double [ %due.2.01450, %select.end ], [ %.2729, %B1966 ], [ %.2729, %B4404 ]
  %exitcond1567.not = icmp eq i64 %.974, %arg.rows
  br i1 %exitcond1567.not, label %B4410.endif, label %B912

B4450:                                            ; preds = %B4450.preheader152, %B4450
  %lsr.iv160 = phi i64 [ %74, %B4450.preheader152 ], [ %lsr.iv.next, %B4450 ]
  %lsr.iv = phi ptr [ %scevgep155, %B4450.preheader152 ], [ %scevgep156, %B4450 ]
  %scevgep159 = getelementptr i8, ptr %lsr.iv, i64 -24
  %scevgep158 = getelementptr i8, ptr %lsr.iv, i64 -16
  %.3491 = load double, ptr %scevgep158, align 8
  %.3545 = load double, ptr %scevgep159, align 8
  %.3547 = fmul double %average_a.3.0.lcssa, %.3545
  %.3548 = fadd double %.3491, %.3547
  %.3553 = fdiv double %.3548, %average_b.3.0.lcssa
  store double %.3553, ptr %scevgep158, align 8
  %.3663 = fmul double %scale.4.0.lcssa, %.3545
  store double %.3663, ptr %scevgep159, align 8
  %scevgep157 = getelementptr i8, ptr %lsr.iv, i64 -8
  %.3491.1 = load double, ptr %lsr.iv, align 8
  %.3545.1 = load double, ptr %scevgep157, align 8
  %.3547.1 = fmul double %average_a.3.0.lcssa, %.3545.1
  %.3548.1 = fadd double %.3491.1, %.3547.1
  %.3553.1 = fdiv double %.3548.1, %average_b.3.0.lcssa
  store double %.3553.1, ptr %lsr.iv, align 8
  %.3663.1 = fmul double %scale.4.0.lcssa, %.3545.1
  store double %.3663.1, ptr %scevgep157, align 8
  %scevgep156 = getelementptr i8, ptr %lsr.iv, i64 32
  %lsr.iv.next = add i64 %lsr.iv160, -2
  %exitcond1568.not.1 = icmp eq i64 %lsr.iv.next, 0
  br i1 %exitcond1568.not.1, label %common.ret, label %B4450, !llvm.loop !6

common.ret:                                       ; preds = %B4450.prol.loopexit, %middle.block138, %B4410.endif, %B4450
  store double %average_intercept.2.0.lcssa, ptr %arg.state, align 8
  %sunkaddr195 = getelementptr i8, ptr %arg.state, i64 8
  store double %steps.2.0.lcssa, ptr %sunkaddr195, align 8
  store double %loss.2.0.lcssa, ptr %retptr, align 8
  ret i32 0

B286.endif:                                       ; preds = %B240, %B0.endif.endif.endif.endif
  %"$phi286.0.2.0" = phi double [ 1.000000e+00, %B0.endif.endif.endif.endif ], [ %.13.i, %B240 ]
  %.4491341.not = icmp slt i64 %arg.rows, 1
  br i1 %.4491341.not, label %B4410.endif, label %B336.preheader

B336.preheader:                                   ; preds = %B286.endif
  %const194 = bitcast i64 9223372036854775804 to i64
  %min.iters.check = icmp ult i64 %arg.rows, 4
  br i1 %min.iters.check, label %B336.preheader143, label %vector.ph

vector.ph:                                        ; preds = %B336.preheader
  %n.vec = and i64 %arg.rows, %const194
  br label %vector.body

vector.body:                                      ; preds = %vector.body, %vector.ph
  %index = phi i64 [ 0, %vector.ph ], [ %index.next, %vector.body ]
  %vec.ind = phi <2 x i64> [ <i64 0, i64 1>, %vector.ph ], [ %vec.ind.next, %vector.body ]
  %step.add = add <2 x i64> %vec.ind, splat (i64 2)
  %sunkaddr196 = mul i64 %index, 8
  %sunkaddr197 = getelementptr i8, ptr %arg.order, i64 %sunkaddr196
  store <2 x i64> %vec.ind, ptr %sunkaddr197, align 8
  %sunkaddr198 = mul i64 %index, 8
  %sunkaddr199 = getelementptr i8, ptr %arg.order, i64 %sunkaddr198
  %sunkaddr200 = getelementptr i8, ptr %sunkaddr199, i64 16
  store <2 x i64> %step.add, ptr %sunkaddr200, align 8
  %index.next = add nuw i64 %index, 4
  %vec.ind.next = add <2 x i64> %vec.ind, splat (i64 4)
  %20 = icmp eq i64 %n.vec, %index.next
  br i1 %20, label %middle.block, label %vector.body, !llvm.loop !7

middle.block:                                     ; preds = %vector.body
  %cmp.n = icmp eq i64 %arg.rows, %n.vec
  br i1 %cmp.n, label %B548, label %B336.preheader143

B336.preheader143:                                ; preds = %middle.block, %B336.preheader
  %.45513401342.ph = phi i64 [ 0, %B336.preheader ], [ %n.vec, %middle.block ]
  br label %B336

B776.endif:                                       ; preds = %33, %B776
  %rem.0 = phi i64 [ 0, %B776 ], [ %spec.select1284, %33 ]
  %21 = add i64 %.62713461348, %rem.0
  %.729 = icmp slt i64 %21, 0
  %.730 = select i1 %.729, i64 %arg.rows, i64 0
  %22 = getelementptr i64, ptr %arg.order, i64 %21
  %.744 = getelementptr i64, ptr %22, i64 %.730
  %.745 = load i64, ptr %.744, align 8
  %23 = shl i64 %.62713461348, 3
  %scevgep185 = getelementptr i8, ptr %arg.order, i64 %23
  %.775 = load i64, ptr %scevgep185, align 8
  store i64 %.745, ptr %scevgep185, align 8
  store i64 %.775, ptr %.744, align 8
  %lsr.iv.next184 = add i64 %lsr.iv183, -1
  %.634 = add nuw nsw i64 %.62713461348, 1
  %exitcond1562.not = icmp eq i64 %lsr.iv.next184, 1
  br i1 %exitcond1562.not, label %B912.lr.ph, label %B776

B776.else.if:                                     ; preds = %B776
  %.672 = and i64 %.668, 2147483647
  %24 = and i64 %lsr.iv183, -4294967296
  %25 = icmp eq i64 %24, 0
  br i1 %25, label %26, label %31

26:                                               ; preds = %B776.else.if
  %27 = trunc i64 %lsr.iv183 to i32
  %28 = trunc i64 %.672 to i32
  %29 = urem i32 %28, %27
  %30 = zext i32 %29 to i64
  br label %33

31:                                               ; preds = %B776.else.if
  %32 = srem i64 %.672, %lsr.iv183
  br label %33

33:                                               ; preds = %31, %26
  %34 = phi i64 [ %30, %26 ], [ %32, %31 ]
  %.697.not = icmp eq i64 %34, 0
  %35 = tail call i64 @llvm.smin.i64(i64 %lsr.iv183, i64 0)
  %.705 = select i1 %.697.not, i64 0, i64 %35
  %spec.select1284 = add nsw i64 %.705, %34
  br label %B776.endif

B1505.endif.loopexit.unr-lcssa:                   ; preds = %B934
  %36 = and i64 %arg.columns, 1
  %37 = icmp eq i64 %36, 0
  br i1 %37, label %B1505.endif, label %B934.epil.preheader

B934.epil.preheader:                              ; preds = %B1505.endif.loopexit.unr-lcssa, %B934.preheader
  %_margin_v17_total.2.11356.epil.init = phi double [ 0.000000e+00, %B934.preheader ], [ %.1272.1, %B1505.endif.loopexit.unr-lcssa ]
  %.116013531355.epil.init = phi i64 [ 0, %B934.preheader ], [ %.1182.1, %B1505.endif.loopexit.unr-lcssa ]
  %.1173.epil = shl i64 %.116013531355.epil.init, 2
  %.1177.epil = getelementptr i8, ptr %.1042, i64 %.1173.epil
  %.1179.epil = load i32, ptr %.1177.epil, align 4
  %.1208.epil = zext i32 %.1179.epil to i64
  %.1209.epil = and i64 %.239, %.1208.epil
  %.1263.idx.epil = shl nuw nsw i64 %.1209.epil, 4
  %.1263.epil = getelementptr i8, ptr %arg.weights, i64 %.1263.idx.epil
  %.1264.epil = load double, ptr %.1263.epil, align 8
  %38 = lshr i64 %.1208.epil, 30
  %39 = and i64 %38, 2
  %.1268.epil = uitofp nneg i64 %39 to double
  %.1269.epil = fsub double 1.000000e+00, %.1268.epil
  %.1270.epil = fmul double %.1264.epil, %.1269.epil
  %.1272.epil = fadd double %_margin_v17_total.2.11356.epil.init, %.1270.epil
  br label %B1505.endif

B1505.endif:                                      ; preds = %B934.epil.preheader, %B1505.endif.loopexit.unr-lcssa, %B912
  %_margin_v17_total.2.1.lcssa = phi double [ 0.000000e+00, %B912 ], [ %.1272.1, %B1505.endif.loopexit.unr-lcssa ], [ %.1272.epil, %B934.epil.preheader ]
  %40 = icmp slt i64 %arg.size, 1
  %.1298 = fmul double %scale.4.01447, %_margin_v17_total.2.1.lcssa
  %.1300 = fadd double %intercept.2.01446, %.1298
  %41 = getelementptr i8, ptr %arg.clicks, i64 %.971
  %.1334 = getelementptr i8, ptr %41, i64 %.1022
  %.1335 = load i8, ptr %.1334, align 1
  %.1340.not = icmp eq i8 %.1335, 0
  %.1343 = fneg double %.1300
  %_log_loss_v18__vphi16_0.2.1 = select i1 %.1340.not, double %.1300, double %.1343
  %.12.i37 = fcmp olt double %_log_loss_v18__vphi16_0.2.1, 0.000000e+00
  %.13.i38 = select i1 %.12.i37, double 0.000000e+00, double %_log_loss_v18__vphi16_0.2.1
  %.1359 = tail call double @llvm.fabs.f64(double %.1300)
  %.1360 = fneg double %.1359
  %.1361 = tail call double @llvm.exp.f64(double %.1360)
  %.1362 = tail call double @log1p(double %.1361)
  %.1391 = fadd double %.1362, %.13.i38
  %.1393 = fadd double %loss.2.01451, %.1391
  %.12.i60 = fcmp olt double %.1300, -3.600000e+01
  %.13.i61 = select i1 %.12.i60, double -3.600000e+01, double %.1300
  %.12.i62 = fcmp ogt double %.13.i61, 3.600000e+01
  %.13.i63 = select i1 %.12.i62, double 3.600000e+01, double %.13.i61
  %.1504 = fmul double %.13.i63, 0x3FF71547652B82FE
  %42 = fsub double 5.000000e-01, %.1504
  %.1506 = tail call double @llvm.floor.f64(double %42)
  %.1507 = fptosi double %.1506 to i64
  %.1503 = fneg double %.13.i63
  %.1512 = sitofp i64 %.1507 to double
  %.1513 = fmul double %.1512, 0x3FE62E42FEE00000
  %.1514 = fsub double %.1503, %.1513
  %.1517 = fmul double %.1512, 0x3DEA39EF35793C76
  %.1518 = fsub double %.1514, %.1517
  %.1649 = fdiv double %.1518, 1.400000e+01
  %.1650 = fadd double %.1649, 1.000000e+00
  %.1644.1 = fmul double %.1518, %.1650
  %.1649.1 = fdiv double %.1644.1, 1.300000e+01
  %.1650.1 = fadd double %.1649.1, 1.000000e+00
  %.1644.2 = fmul double %.1518, %.1650.1
  %.1649.2 = fdiv double %.1644.2, 1.200000e+01
  %.1650.2 = fadd double %.1649.2, 1.000000e+00
  %.1644.3 = fmul double %.1518, %.1650.2
  %.1649.3 = fdiv double %.1644.3, 1.100000e+01
  %.1650.3 = fadd double %.1649.3, 1.000000e+00
  %.1644.4 = fmul double %.1518, %.1650.3
  %.1649.4 = fdiv double %.1644.4, 1.000000e+01
  %.1650.4 = fadd double %.1649.4, 1.000000e+00
  %.1644.5 = fmul double %.1518, %.1650.4
  %.1649.5 = fdiv double %.1644.5, 9.000000e+00
  %.1650.5 = fadd double %.1649.5, 1.000000e+00
  %.1644.6 = fmul double %.1518, %.1650.5
  %.1649.6 = fmul double %.1644.6, 1.250000e-01
  %.1650.6 = fadd double %.1649.6, 1.000000e+00
  %.1644.7 = fmul double %.1518, %.1650.6
  %.1649.7 = fdiv double %.1644.7, 7.000000e+00
  %.1650.7 = fadd double %.1649.7, 1.000000e+00
  %.1644.8 = fmul double %.1518, %.1650.7
  %.1649.8 = fdiv double %.1644.8, 6.000000e+00
  %.1650.8 = fadd double %.1649.8, 1.000000e+00
  %.1644.9 = fmul double %.1518, %.1650.8
  %.1649.9 = fdiv double %.1644.9, 5.000000e+00
  %.1650.9 = fadd double %.1649.9, 1.000000e+00
  %.1644.10 = fmul double %.1518, %.1650.9
  %.1649.10 = fmul double %.1644.10, 2.500000e-01
  %.1650.10 = fadd double %.1649.10, 1.000000e+00
  %.1644.11 = fmul double %.1518, %.1650.10
  %.1649.11 = fdiv double %.1644.11, 3.000000e+00
  %.1650.11 = fadd double %.1649.11, 1.000000e+00
  %.1644.12 = fmul double %.1518, %.1650.11
  %.1649.12 = fmul double %.1644.12, 5.000000e-01
  %.1650.12 = fadd double %.1649.12, 1.000000e+00
  %.1644.13 = fmul double %.1518, %.1650.12
  %.1650.13 = fadd double %.1644.13, 1.000000e+00
  %.1734 = icmp slt i64 %.1507, -54
  %.1736.v = select i1 %.1734, i64 162, i64 54
  %43 = getelementptr double, ptr @.const.array.data, i64 %.1507
  %.1749 = getelementptr double, ptr %43, i64 %.1736.v
  %.1750 = load double, ptr %.1749, align 8
  %.1755 = fmul double %.1750, %.1650.13
  %.1759 = fadd double %.1755, 1.000000e+00
  %.1766 = fdiv double 1.000000e+00, %.1759
  %.1770 = uitofp i8 %.1335 to double
  %.1771 = fsub double %.1770, %.1766
  %.1775 = fmul double %arg.eta, %.1771
  %.1781 = fmul double %"$phi286.0.2.0", %scale.4.01447
  %.1792 = fcmp uge double %.1781, 1.000000e-09
  %brmerge = select i1 %.1792, i1 true, i1 %40
  %.1781.mux = select i1 %.1792, double %.1781, double 1.000000e+00
  %average_b.3.01449.mux = select i1 %.1792, double %average_b.3.01449, double 1.000000e+00
  %average_a.3.01448.mux = select i1 %.1792, double %average_a.3.01448, double 0.000000e+00
  br i1 %brmerge, label %B1860.endif, label %B1714.preheader

B1714.preheader:                                  ; preds = %B1505.endif
  %44 = icmp ult i64 %arg.size, 6
  %brmerge151 = select i1 %44, i1 true, i1 %7
  br i1 %brmerge151, label %B1714.preheader142, label %vector.ph98

vector.ph98:                                      ; preds = %B1714.preheader
  %broadcast.splatinsert = insertelement <2 x double> poison, double %average_a.3.01448, i64 0
  %broadcast.splat = shufflevector <2 x double> %broadcast.splatinsert, <2 x double> poison, <2 x i32> zeroinitializer
  %broadcast.splatinsert101 = insertelement <2 x double> poison, double %average_b.3.01449, i64 0
  %broadcast.splat102 = shufflevector <2 x double> %broadcast.splatinsert101, <2 x double> poison, <2 x i32> zeroinitializer
  %broadcast.splatinsert103 = insertelement <2 x double> poison, double %.1781, i64 0
  %broadcast.splat104 = shufflevector <2 x double> %broadcast.splatinsert103, <2 x double> poison, <2 x i32> zeroinitializer
  br label %vector.body105

vector.body105:                                   ; preds = %vector.body105, %vector.ph98
  %lsr.iv172 = phi ptr [ %scevgep173, %vector.body105 ], [ %arg.weights, %vector.ph98 ]
  %lsr.iv170 = phi i64 [ %lsr.iv.next171, %vector.body105 ], [ %n.vec100, %vector.ph98 ]
  %wide.vec = load <4 x double>, ptr %lsr.iv172, align 8
  %strided.vec = shufflevector <4 x double> %wide.vec, <4 x double> poison, <2 x i32> <i32 0, i32 2>
  %strided.vec107 = shufflevector <4 x double> %wide.vec, <4 x double> poison, <2 x i32> <i32 1, i32 3>
  %45 = fmul <2 x double> %broadcast.splat, %strided.vec
  %46 = fadd <2 x double> %strided.vec107, %45
  %47 = fdiv <2 x double> %46, %broadcast.splat102
  %48 = fmul <2 x double> %broadcast.splat104, %strided.vec
  %interleaved.vec = shufflevector <2 x double> %48, <2 x double> %47, <4 x i32> <i32 0, i32 2, i32 1, i32 3>
  store <4 x double> %interleaved.vec, ptr %lsr.iv172, align 8
  %lsr.iv.next171 = add nsw i64 %lsr.iv170, -2
  %scevgep173 = getelementptr i8, ptr %lsr.iv172, i64 32
  %49 = icmp eq i64 %lsr.iv.next171, 0
  br i1 %49, label %middle.block109, label %vector.body105, !llvm.loop !8

middle.block109:                                  ; preds = %vector.body105
  %50 = icmp eq i64 %arg.size, %n.vec100
  br i1 %50, label %B1860.endif, label %B1714.preheader142

B1714.preheader142:                               ; preds = %middle.block109, %B1714.preheader
  %.193113651367.ph = phi i64 [ %n.vec100, %middle.block109 ], [ 0, %B1714.preheader ]
  %51 = and i64 %arg.size, 1
  %52 = icmp eq i64 %51, 0
  %.neg = or disjoint i64 %.193113651367.ph, 1
  br i1 %52, label %B1714.prol.loopexit, label %B1714.prol

B1714.prol:                                       ; preds = %B1714.preheader142
  %.1938.prol = or disjoint i64 %.193113651367.ph, 1
  %.idx.prol = shl i64 %.193113651367.ph, 4
  %53 = getelementptr i8, ptr %arg.weights, i64 %.idx.prol
  %.2015.prol = getelementptr i8, ptr %53, i64 8
  %.2016.prol = load double, ptr %.2015.prol, align 8
  %.2070.prol = load double, ptr %53, align 8
  %.2072.prol = fmul double %average_a.3.01448, %.2070.prol
  %.2073.prol = fadd double %.2016.prol, %.2072.prol
  %.2078.prol = fdiv double %.2073.prol, %average_b.3.01449
  store double %.2078.prol, ptr %.2015.prol, align 8
  %.2188.prol = fmul double %.1781, %.2070.prol
  store double %.2188.prol, ptr %53, align 8
  br label %B1714.prol.loopexit

B1714.prol.loopexit:                              ; preds = %B1714.prol, %B1714.preheader142
  %.193113651367.unr = phi i64 [ %.193113651367.ph, %B1714.preheader142 ], [ %.1938.prol, %B1714.prol ]
  %54 = icmp eq i64 %arg.size, %.neg
  br i1 %54, label %B1860.endif, label %B1714.preheader153

B1714.preheader153:                               ; preds = %B1714.prol.loopexit
  %55 = shl i64 %.193113651367.unr, 4
  %scevgep175 = getelementptr i8, ptr %scevgep174, i64 %55
  %56 = sub i64 %arg.size, %.193113651367.unr
  br label %B1714

B1860.endif:                                      ; preds = %B1714.prol.loopexit, %middle.block109, %B1505.endif, %B1714
  %scale.3.11229 = phi double [ %.1781.mux, %B1505.endif ], [ 1.000000e+00, %middle.block109 ], [ 1.000000e+00, %B1714.prol.loopexit ], [ 1.000000e+00, %B1714 ]
  %average_b.5.11228 = phi double [ %average_b.3.01449.mux, %B1505.endif ], [ 1.000000e+00, %middle.block109 ], [ 1.000000e+00, %B1714.prol.loopexit ], [ 1.000000e+00, %B1714 ]
  %average_a.4.11227 = phi double [ %average_a.3.01448.mux, %B1505.endif ], [ 0.000000e+00, %middle.block109 ], [ 0.000000e+00, %B1714.prol.loopexit ], [ 0.000000e+00, %B1714 ]
  %57 = icmp sgt i64 %arg.columns, 0
  %.2295 = fdiv double %.1775, %scale.3.11229
  %.2300 = fneg double %average_a.4.11227
  %.2302 = fmul double %.2295, %.2300
  br i1 %57, label %B1877.preheader, label %B1947

B1877.preheader:                                  ; preds = %B1860.endif
  br label %B1877

B4410.endif:                                      ; preds = %B286.endif, %B4408
  %steps.2.0.lcssa = phi double [ %.248, %B286.endif ], [ %.2659, %B4408 ]
  %average_intercept.2.0.lcssa = phi double [ %.245, %B286.endif ], [ %.2714, %B4408 ]
  %scale.4.0.lcssa = phi double [ 1.000000e+00, %B286.endif ], [ %scale.3.11229, %B4408 ]
  %average_a.3.0.lcssa = phi double [ 0.000000e+00, %B286.endif ], [ %.2699, %B4408 ]
  %average_b.3.0.lcssa = phi double [ 1.000000e+00, %B286.endif ], [ %average_b.4.1, %B4408 ]
  %loss.2.0.lcssa = phi double [ 0.000000e+00, %B286.endif ], [ %.1393, %B4408 ]
  %.34001468.not = icmp slt i64 %arg.size, 1
  br i1 %.34001468.not, label %common.ret, label %B4450.preheader

B4450.preheader:                                  ; preds = %B4410.endif
  %min.iters.check121 = icmp ult i64 %arg.size, 6
  br i1 %min.iters.check121, label %B4450.preheader141, label %vector.scevcheck112

vector.scevcheck112:                              ; preds = %B4450.preheader
  %const191 = bitcast i64 1152921504606846975 to i64
  %58 = add nsw i64 %arg.size, -1
  %scevgep113 = getelementptr i8, ptr %arg.weights, i64 8
  %mul.result115 = shl i64 %58, 4
  %59 = getelementptr i8, ptr %scevgep113, i64 %mul.result115
  %60 = icmp ult ptr %59, %scevgep113
  %mul.result118 = shl i64 %58, 4
  %mul.overflow119 = icmp ugt i64 %58, %const191
  %61 = getelementptr i8, ptr %arg.weights, i64 %mul.result118
  %62 = icmp ult ptr %61, %arg.weights
  %63 = or i1 %62, %mul.overflow119
  %64 = or i1 %60, %63
  br i1 %64, label %B4450.preheader141, label %vector.ph122

vector.ph122:                                     ; preds = %vector.scevcheck112
  %const193 = bitcast i64 2305843009213693950 to i64
  %n.vec124 = and i64 %arg.size, %const193
  %broadcast.splatinsert125 = insertelement <2 x double> poison, double %average_a.3.0.lcssa, i64 0
  %broadcast.splat126 = shufflevector <2 x double> %broadcast.splatinsert125, <2 x double> poison, <2 x i32> zeroinitializer
  %broadcast.splatinsert127 = insertelement <2 x double> poison, double %average_b.3.0.lcssa, i64 0
  %broadcast.splat128 = shufflevector <2 x double> %broadcast.splatinsert127, <2 x double> poison, <2 x i32> zeroinitializer
  %broadcast.splatinsert129 = insertelement <2 x double> poison, double %scale.4.0.lcssa, i64 0
  %broadcast.splat130 = shufflevector <2 x double> %broadcast.splatinsert129, <2 x double> poison, <2 x i32> zeroinitializer
  br label %vector.body131

vector.body131:                                   ; preds = %vector.body131, %vector.ph122
  %lsr.iv163 = phi ptr [ %scevgep164, %vector.body131 ], [ %arg.weights, %vector.ph122 ]
  %lsr.iv161 = phi i64 [ %lsr.iv.next162, %vector.body131 ], [ %n.vec124, %vector.ph122 ]
  %wide.vec133 = load <4 x double>, ptr %lsr.iv163, align 8
  %strided.vec134 = shufflevector <4 x double> %wide.vec133, <4 x double> poison, <2 x i32> <i32 0, i32 2>
  %strided.vec135 = shufflevector <4 x double> %wide.vec133, <4 x double> poison, <2 x i32> <i32 1, i32 3>
  %65 = fmul <2 x double> %broadcast.splat126, %strided.vec134
  %66 = fadd <2 x double> %strided.vec135, %65
  %67 = fdiv <2 x double> %66, %broadcast.splat128
  %68 = fmul <2 x double> %broadcast.splat130, %strided.vec134
  %interleaved.vec136 = shufflevector <2 x double> %68, <2 x double> %67, <4 x i32> <i32 0, i32 2, i32 1, i32 3>
  store <4 x double> %interleaved.vec136, ptr %lsr.iv163, align 8
  %lsr.iv.next162 = add nsw i64 %lsr.iv161, -2
  %scevgep164 = getelementptr i8, ptr %lsr.iv163, i64 32
  %69 = icmp eq i64 %lsr.iv.next162, 0
  br i1 %69, label %middle.block138, label %vector.body131, !llvm.loop !9

middle.block138:                                  ; preds = %vector.body131
  %cmp.n139 = icmp eq i64 %arg.size, %n.vec124
  br i1 %cmp.n139, label %common.ret, label %B4450.preheader141

B4450.preheader141:                               ; preds = %middle.block138, %vector.scevcheck112, %B4450.preheader
  %.340614671469.ph = phi i64 [ 0, %vector.scevcheck112 ], [ 0, %B4450.preheader ], [ %n.vec124, %middle.block138 ]
  %.neg150 = or disjoint i64 %.340614671469.ph, 1
  %xtraiter148 = and i64 %arg.size, 1
  %lcmp.mod149.not = icmp eq i64 %xtraiter148, 0
  br i1 %lcmp.mod149.not, label %B4450.prol.loopexit, label %B4450.prol

B4450.prol:                                       ; preds = %B4450.preheader141
  %.3413.prol = or disjoint i64 %.340614671469.ph, 1
  %.idx92.prol = shl i64 %.340614671469.ph, 4
  %70 = getelementptr i8, ptr %arg.weights, i64 %.idx92.prol
  %.3490.prol = getelementptr i8, ptr %70, i64 8
  %.3491.prol = load double, ptr %.3490.prol, align 8
  %.3545.prol = load double, ptr %70, align 8
  %.3547.prol = fmul double %average_a.3.0.lcssa, %.3545.prol
  %.3548.prol = fadd double %.3491.prol, %.3547.prol
  %.3553.prol = fdiv double %.3548.prol, %average_b.3.0.lcssa
  store double %.3553.prol, ptr %.3490.prol, align 8
  %.3663.prol = fmul double %scale.4.0.lcssa, %.3545.prol
  store double %.3663.prol, ptr %70, align 8
  br label %B4450.prol.loopexit

B4450.prol.loopexit:                              ; preds = %B4450.prol, %B4450.preheader141
  %.340614671469.unr = phi i64 [ %.340614671469.ph, %B4450.preheader141 ], [ %.3413.prol, %B4450.prol ]
  %71 = icmp eq i64 %arg.size, %.neg150
  br i1 %71, label %common.ret, label %B4450.preheader152

B4450.preheader152:                               ; preds = %B4450.prol.loopexit
  %72 = shl i64 %.340614671469.unr, 4
  %73 = add i64 %72, 24
  %scevgep155 = getelementptr i8, ptr %arg.weights, i64 %73
  %74 = sub i64 %arg.size, %.340614671469.unr
  br label %B4450
}

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.umax.i64(i64, i64) #1

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.smin.i64(i64, i64) #1

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.fabs.f64(double) #1

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.exp.f64(double) #1

; Function Attrs: mustprogress nofree nosync nounwind willreturn memory(none)
declare double @log1p(double) local_unnamed_addr #2

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.floor.f64(double) #1

define noundef range(i32 -1, -2) i32 @follow(ptr noalias writeonly captures(none) %retptr, ptr noalias readnone captures(none) %excinfo, ptr readonly captures(none) %arg.features, ptr readonly captures(none) %arg.clicks, i64 %arg.rows, i64 %arg.columns, i64 %arg.penalty, double %arg.alpha, double %arg.eta, ptr captures(none) %arg.used, ptr captures(none) %arg.weights, i64 %arg.size, ptr captures(none) %arg.state) local_unnamed_addr {
B0.endif.endif.endif.endif:
  %.239 = add nsw i64 %arg.size, -1
  %.243 = fdiv double 1.000000e+00, %arg.eta
  %.332668.not = icmp slt i64 %arg.rows, 1
  br i1 %.332668.not, label %common.ret, label %B198.lr.ph

B198:                                             ; preds = %B198.lr.ph, %B9835
  %lsr.iv = phi ptr [ %arg.features, %B198.lr.ph ], [ %scevgep50, %B9835 ]
  %.454 = phi double [ %.454.pre, %B198.lr.ph ], [ %.2011, %B9835 ]
  %loss.2.0675 = phi double [ 0.000000e+00, %B198.lr.ph ], [ %.1142, %B9835 ]
  %.338633673 = phi i64 [ 0, %B198.lr.ph ], [ %.345, %B9835 ]
  %.345 = add nuw nsw i64 %.338633673, 1
  switch i64 %arg.penalty, label %B1064 [
    i64 1, label %B660.thread
    i64 2, label %B798
  ]

B660.thread:                                      ; preds = %B198
  %.467 = fmul double %arg.alpha, %.454
  br label %B1064

B798:                                             ; preds = %B198
  %.505 = fmul double %arg.alpha, %.454
  br label %B1064

B1064:                                            ; preds = %B798, %B660.thread, %B198
  %_strength_v32__vphi28_0.2.1577 = phi double [ 0.000000e+00, %B798 ], [ %.467, %B660.thread ], [ 0.000000e+00, %B198 ]
  %_strength_v33__vphi28_0.2.1 = phi double [ %.505, %B798 ], [ 0.000000e+00, %B660.thread ], [ 0.000000e+00, %B198 ]
  %.536 = load double, ptr %arg.state, align 8
  %.559 = fcmp oeq double %.536, 0.000000e+00
  br i1 %.559, label %B4641.endif, label %B4635

B4635:                                            ; preds = %B1064
  %sunkaddr = getelementptr i8, ptr %arg.state, i64 8
  %.539 = load double, ptr %sunkaddr, align 8
  %.577 = tail call double @llvm.copysign.f64(double 0.000000e+00, double %.536)
  %.581 = fsub double %.577, %.536
  %.585 = fadd double %.539, 1.000000e+00
  %.589 = fmul double %.243, %.585
  %.593 = fadd double %.589, 0.000000e+00
  %.599 = fdiv double %.581, %.593
  br label %B4641.endif

B9647:                                            ; preds = %B9647.preheader, %B9720
  %margin.2.1614 = phi double [ %.1041, %B9720 ], [ %intercept.2.1, %B9647.preheader ]
  %.693610612 = phi i64 [ %.700, %B9720 ], [ 0, %B9647.preheader ]
  %.700 = add nuw nsw i64 %.693610612, 1
  %0 = shl i64 %.693610612, 2
  %scevgep51 = getelementptr i8, ptr %lsr.iv, i64 %0
  %.758 = load i32, ptr %scevgep51, align 4
  %.760 = zext i32 %.758 to i64
  %.761 = and i64 %.239, %.760
  %.815.idx = shl nuw nsw i64 %.761, 4
  %.815 = getelementptr i8, ptr %arg.weights, i64 %.815.idx
  %.816 = load double, ptr %.815, align 8
  %.890 = tail call double @llvm.fabs.f64(double %.816)
  %.892 = fcmp ugt double %.890, %_strength_v32__vphi28_0.2.1577
  br i1 %.892, label %B9675, label %B9720

B9675:                                            ; preds = %B9647
  %sunkaddr54 = getelementptr i8, ptr %arg.weights, i64 %.815.idx
  %sunkaddr55 = getelementptr i8, ptr %sunkaddr54, i64 8
  %.870 = load double, ptr %sunkaddr55, align 8
  %.910 = tail call double @llvm.copysign.f64(double %_strength_v32__vphi28_0.2.1577, double %.816)
  %.914 = fsub double %.910, %.816
  %.918 = fadd double %.870, 1.000000e+00
  %.922 = fmul double %.243, %.918
  %.926 = fadd double %_strength_v33__vphi28_0.2.1, %.922
  %.932 = fdiv double %.914, %.926
  br label %B9720

B9720:                                            ; preds = %B9675, %B9647
  %"$572call.23.2.2" = phi double [ %.932, %B9675 ], [ 0.000000e+00, %B9647 ]
  %1 = shl i64 %.693610612, 3
  %scevgep = getelementptr i8, ptr %arg.used, i64 %1
  store double %"$572call.23.2.2", ptr %scevgep, align 8
  %sunkaddr56 = mul i64 %.693610612, 4
  %sunkaddr57 = getelementptr i8, ptr %lsr.iv, i64 %sunkaddr56
  %.1031 = load i32, ptr %sunkaddr57, align 4
  %2 = lshr i32 %.1031, 30
  %3 = and i32 %2, 2
  %.1037 = uitofp nneg i32 %3 to double
  %.1038 = fsub double 1.000000e+00, %.1037
  %.1039 = fmul double %"$572call.23.2.2", %.1038
  %.1041 = fadd double %margin.2.1614, %.1039
  %exitcond.not = icmp eq i64 %arg.columns, %.700
  br i1 %exitcond.not, label %B9784.endif, label %B9647

B9831:                                            ; preds = %B9831.preheader, %B9831
  %.1604623625 = phi i64 [ %.1611, %B9831 ], [ 0, %B9831.preheader ]
  %.1611 = add nuw nsw i64 %.1604623625, 1
  %4 = shl i64 %.1604623625, 2
  %scevgep53 = getelementptr i8, ptr %lsr.iv, i64 %4
  %.1665 = load i32, ptr %scevgep53, align 4
  %.1667 = zext i32 %.1665 to i64
  %.1668 = and i64 %.239, %.1667
  %.idx = shl nuw nsw i64 %.1668, 4
  %5 = getelementptr i8, ptr %arg.weights, i64 %.idx
  %.1721 = getelementptr i8, ptr %5, i64 8
  %.1722 = load double, ptr %.1721, align 8
  %.1723 = fmul double %.1722, %.1722
  %.1725 = fadd double %.1514, %.1723
  %sqrt = tail call double @llvm.sqrt.f64(double %.1725)
  %6 = lshr i64 %.1667, 30
  %7 = and i64 %6, 2
  %.1760 = uitofp nneg i64 %7 to double
  %.1761 = fsub double 1.000000e+00, %.1760
  %.1763 = fmul double %.1508, %.1761
  %.1817 = load double, ptr %5, align 8
  %.1818 = fsub double %sqrt, %.1722
  %.1820 = fmul double %.243, %.1818
  %8 = shl i64 %.1604623625, 3
  %scevgep52 = getelementptr i8, ptr %arg.used, i64 %8
  %.1850 = load double, ptr %scevgep52, align 8
  %.1851 = fmul double %.1850, %.1820
  %.1852 = fsub double %.1763, %.1851
  %.1853 = fadd double %.1817, %.1852
  store double %.1853, ptr %5, align 8
  store double %sqrt, ptr %.1721, align 8
  %exitcond724.not = icmp eq i64 %arg.columns, %.1611
  br i1 %exitcond724.not, label %B9835, label %B9831

B9835:                                            ; preds = %B9784.endif, %B9831
  %sunkaddr58 = getelementptr i8, ptr %arg.state, i64 8
  %.1977 = load double, ptr %sunkaddr58, align 8
  %.1978 = fmul double %.1977, %.1977
  %.1980 = fadd double %.1514, %.1978
  %sqrt597 = tail call double @llvm.sqrt.f64(double %.1980)
  store double %sqrt597, ptr %sunkaddr58, align 8
  %.1989 = load double, ptr %arg.state, align 8
  %.1993 = fsub double %sqrt597, %.1977
  %.1995 = fmul double %.243, %.1993
  %.1997 = fmul double %intercept.2.1, %.1995
  %.2001 = fsub double %.1508, %.1997
  %.2004 = fadd double %.1989, %.2001
  store double %.2004, ptr %arg.state, align 8
  %sunkaddr59 = getelementptr i8, ptr %arg.state, i64 16
  %.2010 = load double, ptr %sunkaddr59, align 8
  %.2011 = fadd double %.2010, 1.000000e+00
  store double %.2011, ptr %sunkaddr59, align 8
  %scevgep50 = getelementptr i8, ptr %lsr.iv, i64 %9
  %exitcond725.not = icmp eq i64 %.345, %arg.rows
  br i1 %exitcond725.not, label %common.ret, label %B198

common.ret:                                       ; preds = %B9835, %B0.endif.endif.endif.endif
  %loss.2.0.lcssa = phi double [ 0.000000e+00, %B0.endif.endif.endif.endif ], [ %.1142, %B9835 ]
  store double %loss.2.0.lcssa, ptr %retptr, align 8
  ret i32 0

B198.lr.ph:                                       ; preds = %B0.endif.endif.endif.endif
  %.453 = getelementptr i8, ptr %arg.state, i64 16
  %.454.pre = load double, ptr %.453, align 8
  %9 = shl i64 %arg.columns, 2
  br label %B198

B4641.endif:                                      ; preds = %B4635, %B1064
  %intercept.2.1 = phi double [ %.599, %B4635 ], [ 0.000000e+00, %B1064 ]
  %10 = icmp sgt i64 %arg.columns, 0
  br i1 %10, label %B9647.preheader, label %B9784.endif

B9647.preheader:                                  ; preds = %B4641.endif
  br label %B9647

B9784.endif:                                      ; preds = %B4641.endif, %B9720
  %margin.2.1.lcssa = phi double [ %intercept.2.1, %B4641.endif ], [ %.1041, %B9720 ]
  %11 = icmp slt i64 %arg.columns, 1
  %12 = getelementptr i8, ptr %arg.clicks, i64 %.338633673
  %.1084 = load i8, ptr %12, align 1
  %.1089.not = icmp eq i8 %.1084, 0
  %.1092 = fneg double %margin.2.1.lcssa
  %_log_loss_v28__vphi16_0.2.1 = select i1 %.1089.not, double %margin.2.1.lcssa, double %.1092
  %.12.i = fcmp olt double %_log_loss_v28__vphi16_0.2.1, 0.000000e+00
  %.13.i = select i1 %.12.i, double 0.000000e+00, double %_log_loss_v28__vphi16_0.2.1
  %.1108 = tail call double @llvm.fabs.f64(double %margin.2.1.lcssa)
  %.1109 = fneg double %.1108
  %.1110 = tail call double @llvm.exp.f64(double %.1109)
  %.1111 = tail call double @log1p(double %.1110)
  %.1140 = fadd double %.1111, %.13.i
  %.1142 = fadd double %loss.2.0675, %.1140
  %.12.i31 = fcmp olt double %margin.2.1.lcssa, -3.600000e+01
  %.13.i32 = select i1 %.12.i31, double -3.600000e+01, double %margin.2.1.lcssa
  %.12.i33 = fcmp ogt double %.13.i32, 3.600000e+01
  %.13.i34 = select i1 %.12.i33, double 3.600000e+01, double %.13.i32
  %.1217 = fmul double %.13.i34, 0x3FF71547652B82FE
  %13 = fsub double 5.000000e-01, %.1217
  %.1219 = tail call double @llvm.floor.f64(double %13)
  %.1220 = fptosi double %.1219 to i64
  %.1216 = fneg double %.13.i34
  %.1225 = sitofp i64 %.1220 to double
  %.1226 = fmul double %.1225, 0x3FE62E42FEE00000
  %.1227 = fsub double %.1216, %.1226
  %.1230 = fmul double %.1225, 0x3DEA39EF35793C76
  %.1231 = fsub double %.1227, %.1230
  %.1362 = fdiv double %.1231, 1.400000e+01
  %.1363 = fadd double %.1362, 1.000000e+00
  %.1357.1 = fmul double %.1231, %.1363
  %.1362.1 = fdiv double %.1357.1, 1.300000e+01
  %.1363.1 = fadd double %.1362.1, 1.000000e+00
  %.1357.2 = fmul double %.1231, %.1363.1
  %.1362.2 = fdiv double %.1357.2, 1.200000e+01
  %.1363.2 = fadd double %.1362.2, 1.000000e+00
  %.1357.3 = fmul double %.1231, %.1363.2
  %.1362.3 = fdiv double %.1357.3, 1.100000e+01
  %.1363.3 = fadd double %.1362.3, 1.000000e+00
  %.1357.4 = fmul double %.1231, %.1363.3
  %.1362.4 = fdiv double %.1357.4, 1.000000e+01
  %.1363.4 = fadd double %.1362.4, 1.000000e+00
  %.1357.5 = fmul double %.1231, %.1363.4
  %.1362.5 = fdiv double %.1357.5, 9.000000e+00
  %.1363.5 = fadd double %.1362.5, 1.000000e+00
  %.1357.6 = fmul double %.1231, %.1363.5
  %.1362.6 = fmul double %.1357.6, 1.250000e-01
  %.1363.6 = fadd double %.1362.6, 1.000000e+00
  %.1357.7 = fmul double %.1231, %.1363.6
  %.1362.7 = fdiv double %.1357.7, 7.000000e+00
  %.1363.7 = fadd double %.1362.7, 1.000000e+00
  %.1357.8 = fmul double %.1231, %.1363.7
  %.1362.8 = fdiv double %.1357.8, 6.000000e+00
  %.1363.8 = fadd double %.1362.8, 1.000000e+00
  %.1357.9 = fmul double %.1231, %.1363.8
  %.1362.9 = fdiv double %.1357.9, 5.000000e+00
  %.1363.9 = fadd double %.1362.9, 1.000000e+00
  %.1357.10 = fmul double %.1231, %.1363.9
  %.1362.10 = fmul double %.1357.10, 2.500000e-01
  %.1363.10 = fadd double %.1362.10, 1.000000e+00
  %.1357.11 = fmul double %.1231, %.1363.10
  %.1362.11 = fdiv double %.1357.11, 3.000000e+00
  %.1363.11 = fadd double %.1362.11, 1.000000e+00
  %.1357.12 = fmul double %.1231, %.1363.11
  %.1362.12 = fmul double %.1357.12, 5.000000e-01
  %.1363.12 = fadd double %.1362.12, 1.000000e+00
  %.1357.13 = fmul double %.1231, %.1363.12
  %.1363.13 = fadd double %.1357.13, 1.000000e+00
  %.1439 = icmp slt i64 %.1220, -54
  %.1441.v = select i1 %.1439, i64 162, i64 54
  %14 = getelementptr double, ptr @.const.array.data.1, i64 %.1220
  %.1454 = getelementptr double, ptr %14, i64 %.1441.v
  %.1455 = load double, ptr %.1454, align 8
  %.1460 = fmul double %.1455, %.1363.13
  %.1464 = fadd double %.1460, 1.000000e+00
  %.1471 = fdiv double 1.000000e+00, %.1464
  %.1507 = uitofp i8 %.1084 to double
  %.1508 = fsub double %.1471, %.1507
  %.1514 = fmul double %.1508, %.1508
  br i1 %11, label %B9835, label %B9831.preheader

B9831.preheader:                                  ; preds = %B9784.endif
  br label %B9831
}

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.copysign.f64(double, double) #1

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare double @llvm.sqrt.f64(double) #1

define noundef range(i32 -1, -2) i32 @weigh(ptr noalias writeonly captures(none) %retptr, ptr noalias readnone captures(none) %excinfo, i64 %arg.penalty, double %arg.alpha, double %arg.eta, ptr readonly captures(none) %arg.weights, i64 %arg.size, ptr readonly captures(none) %arg.state, ptr writeonly captures(none) %arg.coefficients) local_unnamed_addr {
B0.endif.endif:
  %.133 = getelementptr i8, ptr %arg.state, i64 16
  %.134 = load double, ptr %.133, align 8
  switch i64 %arg.penalty, label %B9885.endif [
    i64 1, label %B346.thread
    i64 2, label %B9880
  ]

B346.thread:                                      ; preds = %B0.endif.endif
  %.147 = fmul double %arg.alpha, %.134
  br label %B9885.endif

B9880:                                            ; preds = %B0.endif.endif
  %.189 = fmul double %arg.alpha, %.134
  br label %B9885.endif

B9933:                                            ; preds = %B9933.lr.ph, %B9962
  %lsr.iv = phi ptr [ %scevgep, %B9933.lr.ph ], [ %scevgep9, %B9962 ]
  %.305154156 = phi i64 [ 0, %B9933.lr.ph ], [ %.312, %B9962 ]
  %.312 = add nuw nsw i64 %.305154156, 1
  %scevgep10 = getelementptr i8, ptr %lsr.iv, i64 -8
  %.395 = load double, ptr %scevgep10, align 8
  %.474 = tail call double @llvm.fabs.f64(double %.395)
  %.476 = fcmp ugt double %.474, %_strength_v39__vphi28_0.2.0147
  br i1 %.476, label %B9952, label %B9962

B9952:                                            ; preds = %B9933
  %.450 = load double, ptr %lsr.iv, align 8
  %.494 = tail call double @llvm.copysign.f64(double %_strength_v39__vphi28_0.2.0147, double %.395)
  %.498 = fsub double %.494, %.395
  %.502 = fadd double %.450, 1.000000e+00
  %.506 = fmul double %.455, %.502
  %.510 = fadd double %_strength_v40__vphi28_0.2.0, %.506
  %.516 = fdiv double %.498, %.510
  br label %B9962

B9962:                                            ; preds = %B9952, %B9933
  %"$326call.19.2.1" = phi double [ %.516, %B9952 ], [ 0.000000e+00, %B9933 ]
  %0 = shl i64 %.305154156, 3
  %scevgep11 = getelementptr i8, ptr %arg.coefficients, i64 %0
  store double %"$326call.19.2.1", ptr %scevgep11, align 8
  %scevgep9 = getelementptr i8, ptr %lsr.iv, i64 16
  %exitcond.not = icmp eq i64 %arg.size, %.312
  br i1 %exitcond.not, label %B9964, label %B9933

B9964:                                            ; preds = %B9885.endif, %B9962
  %.580 = load double, ptr %arg.state, align 8
  %.611 = fcmp oeq double %.580, 0.000000e+00
  br i1 %.611, label %common.ret, label %B9993

B9993:                                            ; preds = %B9964
  %.590 = fdiv double 1.000000e+00, %arg.eta
  %.582 = getelementptr i8, ptr %arg.state, i64 8
  %.583 = load double, ptr %.582, align 8
  %.629 = tail call double @llvm.copysign.f64(double 0.000000e+00, double %.580)
  %.633 = fsub double %.629, %.580
  %.637 = fadd double %.583, 1.000000e+00
  %.641 = fmul double %.590, %.637
  %.645 = fadd double %.641, 0.000000e+00
  %.651 = fdiv double %.633, %.645
  br label %common.ret

common.ret:                                       ; preds = %B9993, %B9964
  %"$422call.13.2.0" = phi double [ %.651, %B9993 ], [ 0.000000e+00, %B9964 ]
  store double %"$422call.13.2.0", ptr %retptr, align 8
  ret i32 0

B9885.endif:                                      ; preds = %B9880, %B346.thread, %B0.endif.endif
  %_strength_v39__vphi28_0.2.0147 = phi double [ 0.000000e+00, %B9880 ], [ %.147, %B346.thread ], [ 0.000000e+00, %B0.endif.endif ]
  %_strength_v40__vphi28_0.2.0 = phi double [ %.189, %B9880 ], [ 0.000000e+00, %B346.thread ], [ 0.000000e+00, %B0.endif.endif ]
  %.299155.not = icmp slt i64 %arg.size, 1
  br i1 %.299155.not, label %B9964, label %B9933.lr.ph

B9933.lr.ph:                                      ; preds = %B9885.endif
  %.455 = fdiv double 1.000000e+00, %arg.eta
  %scevgep = getelementptr i8, ptr %arg.weights, i64 8
  br label %B9933
}

define noundef range(i32 -1, -2) i32 @sum_log_loss(ptr noalias writeonly captures(none) %retptr, ptr noalias readnone captures(none) %excinfo, ptr readonly captures(none) %arg.features, ptr readonly captures(none) %arg.clicks, i64 %arg.rows, i64 %arg.columns, ptr readonly captures(none) %arg.coefficients, i64 %arg.size, double %arg.intercept) local_unnamed_addr {
B0.endif.endif.endif.endif:
  %.176 = add i64 %arg.size, 4294967295
  %.262293.not = icmp slt i64 %arg.rows, 1
  br i1 %.262293.not, label %common.ret, label %B154.lr.ph

B154:                                             ; preds = %B154.lr.ph.split.new, %B154
  %loss.2.0296 = phi double [ 0.000000e+00, %B154.lr.ph.split.new ], [ %.686.1, %B154 ]
  %.268290294 = phi i64 [ 0, %B154.lr.ph.split.new ], [ %.275.1, %B154 ]
  %sunkaddr = getelementptr i8, ptr %arg.clicks, i64 %.268290294
  %.627 = load i8, ptr %sunkaddr, align 1
  %.633.not = icmp eq i8 %.627, 0
  %_log_loss_v43__vphi16_0.2.1 = select i1 %.633.not, double %.596, double %.636
  %.12.i = fcmp olt double %_log_loss_v43__vphi16_0.2.1, 0.000000e+00
  %.13.i = select i1 %.12.i, double 0.000000e+00, double %_log_loss_v43__vphi16_0.2.1
  %.684 = fadd double %.655, %.13.i
  %.686 = fadd double %loss.2.0296, %.684
  %.275.1 = add nuw i64 %.268290294, 2
  %sunkaddr41 = getelementptr i8, ptr %arg.clicks, i64 %.268290294
  %sunkaddr42 = getelementptr i8, ptr %sunkaddr41, i64 1
  %.627.1 = load i8, ptr %sunkaddr42, align 1
  %.633.not.1 = icmp eq i8 %.627.1, 0
  %_log_loss_v43__vphi16_0.2.1.1 = select i1 %.633.not.1, double %.596, double %.636
  %.12.i.1 = fcmp olt double %_log_loss_v43__vphi16_0.2.1.1, 0.000000e+00
  %.13.i.1 = select i1 %.12.i.1, double 0.000000e+00, double %_log_loss_v43__vphi16_0.2.1.1
  %.684.1 = fadd double %.655, %.13.i.1
  %.686.1 = fadd double %.686, %.684.1
  %niter.ncmp.1 = icmp eq i64 %unroll_iter, %.275.1
  br i1 %niter.ncmp.1, label %common.ret.loopexit23.unr-lcssa, label %B154

common.ret.loopexit23.unr-lcssa:                  ; preds = %B154
  %0 = and i64 %arg.rows, 1
  %lcmp.mod.not = icmp eq i64 %0, 0
  br i1 %lcmp.mod.not, label %common.ret, label %B154.epil.preheader

B154.epil.preheader:                              ; preds = %B154.lr.ph.split, %common.ret.loopexit23.unr-lcssa
  %loss.2.0296.epil.init = phi double [ 0.000000e+00, %B154.lr.ph.split ], [ %.686.1, %common.ret.loopexit23.unr-lcssa ]
  %.268290294.epil.init = phi i64 [ 0, %B154.lr.ph.split ], [ %.275.1, %common.ret.loopexit23.unr-lcssa ]
  %1 = getelementptr i8, ptr %arg.clicks, i64 %.268290294.epil.init
  %.627.epil = load i8, ptr %1, align 1
  %.633.not.epil = icmp eq i8 %.627.epil, 0
  %_log_loss_v43__vphi16_0.2.1.epil = select i1 %.633.not.epil, double %.596, double %.636
  %.12.i.epil = fcmp olt double %_log_loss_v43__vphi16_0.2.1.epil, 0.000000e+00
  %.13.i.epil = select i1 %.12.i.epil, double 0.000000e+00, double %_log_loss_v43__vphi16_0.2.1.epil
  %.684.epil = fadd double %.655, %.13.i.epil
  %.686.epil = fadd double %loss.2.0296.epil.init, %.684.epil
  br label %common.ret

common.ret:                                       ; preds = %B10099.endif.loopexit.us, %B154.epil.preheader, %common.ret.loopexit23.unr-lcssa, %B0.endif.endif.endif.endif
  %loss.2.0.lcssa = phi double [ 0.000000e+00, %B0.endif.endif.endif.endif ], [ %.686.epil, %B154.epil.preheader ], [ %.686.1, %common.ret.loopexit23.unr-lcssa ], [ %.686.us, %B10099.endif.loopexit.us ]
  store double %loss.2.0.lcssa, ptr %retptr, align 8
  ret i32 0

B154.lr.ph:                                       ; preds = %B0.endif.endif.endif.endif
  %.459285 = icmp sgt i64 %arg.columns, 0
  br i1 %.459285, label %B154.us.preheader, label %B154.lr.ph.split

B154.us.preheader:                                ; preds = %B154.lr.ph
  %const40 = bitcast i64 9223372036854775806 to i64
  %unroll_iter30 = and i64 %arg.columns, %const40
  %scevgep = getelementptr i8, ptr %arg.features, i64 4
  %2 = shl i64 %arg.columns, 2
  br label %B154.us

B154.us:                                          ; preds = %B10099.endif.loopexit.us, %B154.us.preheader
  %lsr.iv = phi ptr [ %scevgep, %B154.us.preheader ], [ %scevgep32, %B10099.endif.loopexit.us ]
  %loss.2.0296.us = phi double [ %.686.us, %B10099.endif.loopexit.us ], [ 0.000000e+00, %B154.us.preheader ]
  %.268290294.us = phi i64 [ %.275.us, %B10099.endif.loopexit.us ], [ 0, %B154.us.preheader ]
  %3 = icmp eq i64 %arg.columns, 1
  %.343.us = mul i64 %.268290294.us, %arg.columns
  %.345.us = getelementptr i32, ptr %arg.features, i64 %.343.us
  br i1 %3, label %B10010.us.epil.preheader, label %B10010.us.preheader

B10010.us.preheader:                              ; preds = %B154.us
  br label %B10010.us

B10010.us:                                        ; preds = %B10010.us, %B10010.us.preheader
  %_margin_v42_total.2.1287.us = phi double [ %.570.us.1, %B10010.us ], [ 0.000000e+00, %B10010.us.preheader ]
  %.458284286.us = phi i64 [ %.480.us.1, %B10010.us ], [ 0, %B10010.us.preheader ]
  %.471.us = shl i64 %.458284286.us, 2
  %scevgep34 = getelementptr i8, ptr %lsr.iv, i64 %.471.us
  %scevgep35 = getelementptr i8, ptr %scevgep34, i64 -4
  %.477.us = load i32, ptr %scevgep35, align 4
  %.506.us = zext i32 %.477.us to i64
  %.507.us = and i64 %.176, %.506.us
  %.561.us = getelementptr double, ptr %arg.coefficients, i64 %.507.us
  %.562.us = load double, ptr %.561.us, align 8
  %4 = lshr i64 %.506.us, 30
  %5 = and i64 %4, 2
  %.566.us = uitofp nneg i64 %5 to double
  %.567.us = fsub double 1.000000e+00, %.566.us
  %.568.us = fmul double %.562.us, %.567.us
  %.570.us = fadd double %_margin_v42_total.2.1287.us, %.568.us
  %.480.us = shl i64 %.458284286.us, 2
  %scevgep33 = getelementptr i8, ptr %lsr.iv, i64 %.480.us
  %.477.us.1 = load i32, ptr %scevgep33, align 4
  %.480.us.1 = add nuw i64 %.458284286.us, 2
  %.506.us.1 = zext i32 %.477.us.1 to i64
  %.507.us.1 = and i64 %.176, %.506.us.1
  %.561.us.1 = getelementptr double, ptr %arg.coefficients, i64 %.507.us.1
  %.562.us.1 = load double, ptr %.561.us.1, align 8
  %6 = lshr i64 %.506.us.1, 30
  %7 = and i64 %6, 2
  %.566.us.1 = uitofp nneg i64 %7 to double
  %.567.us.1 = fsub double 1.000000e+00, %.566.us.1
  %.568.us.1 = fmul double %.562.us.1, %.567.us.1
  %.570.us.1 = fadd double %.570.us, %.568.us.1
  %niter31.ncmp.1 = icmp eq i64 %unroll_iter30, %.480.us.1
  br i1 %niter31.ncmp.1, label %B10099.endif.loopexit.us.unr-lcssa, label %B10010.us

B10099.endif.loopexit.us.unr-lcssa:               ; preds = %B10010.us
  %8 = and i64 %arg.columns, 1
  %9 = icmp eq i64 %8, 0
  br i1 %9, label %B10099.endif.loopexit.us, label %B10010.us.epil.preheader

B10010.us.epil.preheader:                         ; preds = %B10099.endif.loopexit.us.unr-lcssa, %B154.us
  %_margin_v42_total.2.1287.us.epil.init = phi double [ 0.000000e+00, %B154.us ], [ %.570.us.1, %B10099.endif.loopexit.us.unr-lcssa ]
  %.458284286.us.epil.init = phi i64 [ 0, %B154.us ], [ %.480.us.1, %B10099.endif.loopexit.us.unr-lcssa ]
  %.471.us.epil = shl i64 %.458284286.us.epil.init, 2
  %.475.us.epil = getelementptr i8, ptr %.345.us, i64 %.471.us.epil
  %.477.us.epil = load i32, ptr %.475.us.epil, align 4
  %.506.us.epil = zext i32 %.477.us.epil to i64
  %.507.us.epil = and i64 %.176, %.506.us.epil
  %.561.us.epil = getelementptr double, ptr %arg.coefficients, i64 %.507.us.epil
  %.562.us.epil = load double, ptr %.561.us.epil, align 8
  %10 = lshr i64 %.506.us.epil, 30
  %11 = and i64 %10, 2
  %.566.us.epil = uitofp nneg i64 %11 to double
  %.567.us.epil = fsub double 1.000000e+00, %.566.us.epil
  %.568.us.epil = fmul double %.562.us.epil, %.567.us.epil
  %.570.us.epil = fadd double %_margin_v42_total.2.1287.us.epil.init, %.568.us.epil
  br label %B10099.endif.loopexit.us

B10099.endif.loopexit.us:                         ; preds = %B10010.us.epil.preheader, %B10099.endif.loopexit.us.unr-lcssa
  %.570.us.lcssa = phi double [ %.570.us.1, %B10099.endif.loopexit.us.unr-lcssa ], [ %.570.us.epil, %B10010.us.epil.preheader ]
  %.275.us = add nuw nsw i64 %.268290294.us, 1
  %.596.us = fadd double %arg.intercept, %.570.us.lcssa
  %12 = getelementptr i8, ptr %arg.clicks, i64 %.268290294.us
  %.627.us = load i8, ptr %12, align 1
  %.633.not.us = icmp eq i8 %.627.us, 0
  %.636.us = fneg double %.596.us
  %_log_loss_v43__vphi16_0.2.1.us = select i1 %.633.not.us, double %.596.us, double %.636.us
  %.12.i.us = fcmp olt double %_log_loss_v43__vphi16_0.2.1.us, 0.000000e+00
  %.13.i.us = select i1 %.12.i.us, double 0.000000e+00, double %_log_loss_v43__vphi16_0.2.1.us
  %.652.us = tail call double @llvm.fabs.f64(double %.596.us)
  %.653.us = fneg double %.652.us
  %.654.us = tail call double @llvm.exp.f64(double %.653.us)
  %.655.us = tail call double @log1p(double %.654.us)
  %.684.us = fadd double %.655.us, %.13.i.us
  %.686.us = fadd double %loss.2.0296.us, %.684.us
  %scevgep32 = getelementptr i8, ptr %lsr.iv, i64 %2
  %exitcond303.not.us = icmp eq i64 %.275.us, %arg.rows
  br i1 %exitcond303.not.us, label %common.ret, label %B154.us

B154.lr.ph.split:                                 ; preds = %B154.lr.ph
  %.596 = fadd double %arg.intercept, 0.000000e+00
  %.636 = fneg double %.596
  %.652 = tail call double @llvm.fabs.f64(double %.596)
  %.653 = fneg double %.652
  %.654 = tail call double @llvm.exp.f64(double %.653)
  %.655 = tail call double @log1p(double %.654)
  %13 = icmp eq i64 %arg.rows, 1
  br i1 %13, label %B154.epil.preheader, label %B154.lr.ph.split.new

B154.lr.ph.split.new:                             ; preds = %B154.lr.ph.split
  %const = bitcast i64 9223372036854775806 to i64
  %unroll_iter = and i64 %arg.rows, %const
  br label %B154
}

attributes #0 = { nocallback nofree nounwind willreturn memory(argmem: write) }
attributes #1 = { nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none) }
attributes #2 = { mustprogress nofree nosync nounwind willreturn memory(none) }

!0 = !{!"branch_weights", i32 12573, i32 227}
!1 = distinct !{!1, !2, !3}
!2 = !{!"llvm.loop.unroll.runtime.disable"}
!3 = !{!"llvm.loop.isvectorized", i32 1}
!4 = !{!"branch_weights", i32 1, i32 99}
!5 = distinct !{!5, !3}
!6 = distinct !{!6, !3}
!7 = distinct !{!7, !3, !2}
!8 = distinct !{!8, !3, !2}
!9 = distinct !{!9, !3, !2}
