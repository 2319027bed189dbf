-- In which part of public or economic life a partner is at home: see `partners.model.Sector`.
alter table partners_partners add column sector text not null default '';
